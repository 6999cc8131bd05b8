internal import ResNetArchitecture
internal import SWTBytes
internal import SWTConsole

/// `pth2swt golden`: makes, imports and shows golden files.
struct GoldenTool: Command {
  static let spec = CommandSpec(
    "golden", "Make golden tests, import what other programs wrote, or show what one holds.",
    operands: [
      .init(
        "make|import|show",
        "make: with --print-script, or from MODEL.swt; import: arrays become a golden; show: prints one."),
      .init(
        "FILE", "make: the model; import, show: goldens, arrays or folders.", optional: true, repeated: true),
    ],
    options: [
      .flag(
        "print-script", "make: print the PyTorch script that makes calibrated goldens of your own model."),
      .value(
        "engine", "ENGINE", "make: reference, this program's double precision; such goldens prove no port.",
        of: .words(["reference"])),
      .value("size", "N", "make: height and width of the inputs (default: 64)."),
      .value(
        "inputs", "N", "make: number of inputs by formula; the last is odd and a batch of two (default: 2)."),
      .value("input", "FILE", "make: an input of your own, [N, 3, H, W]; repeatable.", of: .path),
      .flag("full-taps", "make: store whole layers, which lets verify feed each block."),
      .value("threads", "N", "make: threads to use (default: one for each core)."),
      .value("model", "MODEL.swt", "import, show: the weight file whose network it is.", of: .path),
      .value(
        "arch", "NAME", "import, show: a published network instead; classes are those of the output.",
        of: .words(Architecture.published.map(\.name))),
      .value("name", "NAME", "import: what to call the golden (default: the file's name)."),
      .value(
        "output", "OUT", "make: a folder; import: a .golden.safetensors, or a folder.", short: "o", of: .path),
      .flag("force", "Replace an existing OUT."),
    ],
    examples: [
      .init(
        "pth2swt golden make --print-script > make_golden.py && python make_golden.py --model model.pth --out .",
        "Make goldens where PyTorch is."),
      .init(
        "pth2swt golden make model.swt --engine reference -o goldens",
        "Make self goldens: they show changes, and prove nothing else."),
      .init(
        "pth2swt golden import test_data_set_0 --model model.swt -o model.golden.safetensors",
        "A golden from the test data of an ONNX model."),
      .init("pth2swt golden import x.npy y.npy --arch resnet50 -o .", "And from two arrays."),
      .init("pth2swt golden show image-64.golden.safetensors", "What is in this golden?"),
    ])

  enum Action {
    case printScript
    case make(GoldenMake)
    case `import`(GoldenImport)
    case show(GoldenShow)
  }

  let action: Action

  init(_ arguments: Arguments) throws(UsageError) {
    switch arguments.operands[0] {
    case "make" where arguments.has("print-script"): action = .printScript
    case "make": action = .make(try GoldenMake(arguments))
    case "import": action = .import(try GoldenImport(arguments))
    case "show": action = .show(try GoldenShow(arguments))
    case let other:
      let hint = EditDistance.nearest(to: other, in: ["make", "import", "show"]).map {
        "; did you mean \($0)?"
      }
      throw UsageError("golden has make, import and show, not '\(other)'\(hint ?? "")")
    }
  }

  func run(_ console: Console) throws(CommandFailure) -> ExitStatus {
    switch action {
    case .printScript: console.write(GoldenScript.text + "\n")
    case .make(let make): try make.run(console)
    case .import(let `import`): try `import`.run(console)
    case .show(let show): try show.run(console)
    }
    return .success
  }
}
