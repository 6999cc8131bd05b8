internal import ResNetModel
internal import SWT
internal import SWTBytes
internal import SWTChecksums
internal import SWTConsole
internal import SWTDigests
internal import SWTTensorFiles

/// `pth2swt check`: checks a weight file against every rule of the format.
struct Check: Command {
  static let spec = CommandSpec(
    "check", "Check every structural rule, checksum and digest of a .swt file; print its content id.",
    operands: [.init("FILE.swt", "The weight file.")],
    options: [],
    examples: [.init("pth2swt check model.swt", "Is the file intact, bit for bit?")])

  let path: String
  let json: Bool

  init(_ arguments: Arguments) throws(UsageError) {
    path = arguments.operands[0]
    json = arguments.has("json")
  }

  func run(_ console: Console) throws(CommandFailure) -> ExitStatus {
    let file = try OpenFile.weights(path)
    do throws(SWTError) {
      try file.verify(using: SystemDigests())
    } catch {
      throw CommandFailure(reading: path, error)
    }
    let identity = file.contentID(using: SystemDigests()).map { "swt1:\($0.hex)" } ?? "none"
    if json {
      let document: JSONValue = [
        "schema": "pth2swt.check/1", "file": .string(path), "bytes": .int(file.byteCount),
        "tensors": .int(file.tensorCount), "content_id": .string(identity), "verdict": "pass",
      ]
      console.document(document.text(pretty: true) + "\n")
    } else {
      console.line("\(path): valid, \(file.tensorCount) tensors, \(Text.bytes(file.byteCount))")
      console.line("  content id  \(identity)")
    }
    return .success
  }
}
