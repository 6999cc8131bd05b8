internal import SWT
internal import SWTBytes
internal import SWTGoldens
internal import SWTResNet
internal import SWTTensorFiles

/// `pth2swt golden`: makes and shows golden files.
struct GoldenTool: Command {
  static let spec = CommandSpec(
    "golden", "Make golden tests with PyTorch, or show what one holds.",
    operands: [
      .init("make|show", "make: needs --print-script; show: prints a golden file, or those in a .swt."),
      .init("FILE", "The golden or weight file to show.", optional: true),
    ],
    options: [
      .flag("print-script", "Print the PyTorch script that makes calibrated goldens of your own model.")
    ],
    examples: [
      .init(
        "pth2swt golden make --print-script > make_golden.py && python make_golden.py --model model.pth --out .",
        "Make goldens where PyTorch is."),
      .init("pth2swt golden show image-64.golden.safetensors", "What is in this golden?"),
    ])

  enum Action { case printScript, show(String) }

  let action: Action
  let json: Bool
  let limits: ParseLimits

  init(_ arguments: Arguments) throws(UsageError) {
    json = arguments.has("json")
    limits = try arguments.limits()
    switch arguments.operands[0] {
    case "make":
      guard arguments.has("print-script") else {
        throw UsageError("golden make needs --print-script: goldens are made where PyTorch is")
      }
      action = .printScript
    case "show":
      guard arguments.operands.count == 2 else { throw UsageError("golden show needs FILE") }
      action = .show(arguments.operands[1])
    case let other:
      throw UsageError("golden has make and show, not '\(other)'")
    }
  }

  func run(_ console: Console) throws(CommandFailure) -> ExitStatus {
    switch action {
    case .printScript:
      console.write(GoldenScript.text + "\n")
    case .show(let path):
      let goldens = try read(path)
      if json {
        let document: JSONValue = [
          "schema": "pth2swt.golden/1", "file": .string(path), "goldens": .array(goldens.map(Self.json)),
        ]
        console.line(document.text(pretty: true))
      } else {
        for golden in goldens { console.write(Self.text(golden)) }
      }
    }
    return .success
  }

  private func read(_ path: String) throws(CommandFailure) -> [Golden] {
    do {
      if try InputKind.of(path) == .swt {
        return try Golden.embedded(in: try InputKind.openSWT(path)).map(\.golden)
      }
      return [try GoldenFile.read(FileSource(path: path), limits: limits)]
    } catch let failure as CommandFailure {
      throw failure
    } catch let failure as ParseFailure {
      throw CommandFailure(reading: path, failure)
    } catch {
      throw CommandFailure(.goldenUnusable, file: path, "\(error)")
    }
  }

  private static func text(_ golden: Golden) -> String {
    var text = "\(golden.name): \(golden.architecture.summary), made by \(golden.producer)\n"
    text += "  input   \(golden.input.shape)\n"
    text += "  output  \(golden.output.name) \(golden.output.shape)"
    if let floor = golden.floors.free[golden.output.name] {
      text += ", floor \(Text.scientific(floor.relL2))"
    }
    let full = golden.taps.filter(\.isFull).count
    text += "\n  layers  \(golden.taps.count), \(full) of them whole\n"
    return text + "  weights \(golden.digests.count) tensors recorded\n"
  }

  private static func json(_ golden: Golden) -> JSONValue {
    [
      "name": .string(golden.name), "producer": .string(golden.producer),
      "architecture": golden.architecture.json(family: nil),
      "input_shape": .array(golden.input.shape.map { .int($0) }),
      "output": .string(golden.output.name), "output_shape": .array(golden.output.shape.map { .int($0) }),
      "metadata": .object(golden.metadata.pairs.map { JSONMember($0.key, .string($0.value)) }),
    ]
  }
}
