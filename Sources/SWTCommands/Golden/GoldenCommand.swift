internal import ResNetArchitecture
internal import SWTBytes
internal import SWTConsole

/// `pth2swt golden`: makes, imports and shows golden tests.
struct GoldenTool: Command {
  static let spec = CommandSpec(
    "golden", "Make golden tests, import arrays of other programs, show a golden, or export its arrays.",
    operands: [
      .init(
        "make|import|show|export",
        "make: print the script or make self goldens; import: make a golden of arrays; show: print goldens; "
          + "export: write a golden's arrays."),
      .init(
        "FILE", "make: the model; import, show, export: goldens, weight files, arrays or folders.",
        optional: true, repeated: true),
    ],
    options: [
      .flag(
        "print-script", "make: print the PyTorch script that makes calibrated goldens of your model."),
      .value(
        "engine", "ENGINE",
        "make: reference, this program's double-precision engine; such goldens do not prove a port correct.",
        of: .words(["reference"])),
      .value("size", "N", "make: height and width of the inputs (default: 64)."),
      .value(
        "inputs", "N",
        "make: number of formula inputs; the last has odd sizes and a batch of two (default: 2)."),
      .value("input", "FILE", "make: an input of your own, [N, 3, H, W]; repeatable.", of: .path),
      .flag("full-taps", "make: store the layers' full outputs, so verify can test each block on its own."),
      .value("threads", "N", "make: number of threads (default: one per core)."),
      .value("model", "MODEL.swt", "import, show: the weight file with the network.", of: .path),
      .value(
        "arch", "NAME", "import, show: a published network instead; the output has the number of classes.",
        of: .words(Architecture.published.map(\.name))),
      .value("name", "NAME", "import: name of the golden (default: the file's name)."),
      .value(
        "as", "FORM", "export: npy (default), npz, safetensors, or onnx for .pb files.",
        of: .words(GoldenExport.Form.allCases.map(\.rawValue))),
      .value(
        "layout", "LAYOUT", "export: nchw (default), or nhwc with the channels last.",
        of: .words(["nchw", "nhwc"])),
      .value(
        "output", "OUT",
        "make, export: a folder; import: a .golden.safetensors or a folder; of the script: a file.",
        short: "o", of: .path),
      .flag("force", "Replace an existing OUT."),
    ],
    examples: [
      .init(
        """
        pth2swt golden make --print-script > make_golden.py
        python make_golden.py --model model.pth --out .
        """,
        "Make goldens where PyTorch is installed."),
      .init(
        "pth2swt golden make model.swt --engine reference -o goldens",
        "Make self goldens, which detect changes but do not prove a port correct."),
      .init(
        "pth2swt golden import test_data_set_0 --model model.swt -o goldens",
        "Import the test data of an ONNX model."),
      .init("pth2swt golden import x.npy y.npy --arch resnet50 -o .", "Import arrays: input and logits."),
      .init("pth2swt golden show image-64.golden.safetensors", "What is in this golden?"),
      .init(
        "pth2swt golden export model.swt -o inputs --layout nhwc",
        "Write the embedded goldens' inputs and outputs, for another engine to read."),
    ])

  enum Action {
    /// To a file, or to standard output.
    case printScript(output: String?, replaces: Bool)
    case make(GoldenMake)
    case `import`(GoldenImport)
    case show(GoldenShow)
    case export(GoldenExport)
  }

  let action: Action

  init(_ arguments: Arguments) throws(UsageError) {
    switch arguments.operands[0] {
    case "make" where arguments.has("print-script"):
      action = .printScript(output: arguments.value("output"), replaces: arguments.has("force"))
    case "make": action = .make(try GoldenMake(arguments))
    case "import": action = .import(try GoldenImport(arguments))
    case "show": action = .show(try GoldenShow(arguments))
    case "export": action = .export(try GoldenExport(arguments))
    case let other:
      let hint = EditDistance.nearest(to: other, in: ["make", "import", "show", "export"]).map {
        "; did you mean \($0)?"
      }
      throw UsageError("golden supports make, import, show and export, not '\(other)'\(hint ?? "")")
    }
  }

  func run(_ console: Console) throws(CommandFailure) -> ExitStatus {
    switch action {
    case .printScript(nil, _): console.document(GoldenScript.text + "\n")
    case .printScript(let path?, let replaces):
      try OutputFile.write(Array((GoldenScript.text + "\n").utf8), to: path, replacing: replaces)
      console.line("\(path): run it where PyTorch is installed")
    case .make(let make): try make.run(console)
    case .import(let `import`): try `import`.run(console)
    case .show(let show): try show.run(console)
    case .export(let export): try export.run(console)
    }
    return .success
  }
}
