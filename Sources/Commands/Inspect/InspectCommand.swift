internal import PthReader
internal import SWT
internal import SWTBytes
internal import SWTTensorFiles

/// `pth2swt inspect`: what is in a file, without loading it.
struct Inspect: Command {
  static let spec = CommandSpec(
    "inspect", "Show what is in a checkpoint or a .swt file: container, architecture, tensors, metadata.",
    operands: [.init("FILE", "Any readable checkpoint, or a .swt file. Nothing in it is ever executed.")],
    options: [
      .flag("tensors", "List every tensor."),
      .flag("hash", "List every tensor with the SHA-256 of its contiguous little-endian values."),
    ],
    examples: [
      .init("pth2swt inspect model.pth", "What is this file?"),
      .init("pth2swt inspect model.pth --hash --json", "Every tensor with its digest, for a program."),
    ])

  let path: String
  let listsTensors: Bool
  let hashes: Bool
  let json: Bool
  let limits: ParseLimits

  init(_ arguments: Arguments) throws(UsageError) {
    path = arguments.operands[0]
    hashes = arguments.has("hash")
    listsTensors = arguments.has("tensors") || hashes
    json = arguments.has("json")
    limits = try arguments.limits()
  }

  func run(_ console: Console) throws(CommandFailure) -> ExitStatus {
    let report: InspectReport
    if try InputKind.of(path) == .swt {
      report = try InspectReport(swt: try InputKind.openSWT(path), path: path, hashes: hashes)
    } else {
      let checkpoint = try InputKind.openCheckpoint(path, limits: limits)
      report = try InspectReport(checkpoint, path: path, hashes: hashes, limits: limits)
    }
    // A machine asks for all that there is: --json lists the tensors with or without --tensors.
    if json {
      report.writeJSON(to: console)
    } else {
      report.writeText(to: console, listsTensors: listsTensors)
    }
    return .success
  }
}
