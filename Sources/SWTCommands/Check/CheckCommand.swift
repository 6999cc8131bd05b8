internal import ResNetModel
internal import SWT
internal import SWTBytes
internal import SWTChecksums
internal import SWTConsole
internal import SWTDigests
internal import SWTReports
internal import SWTTensorFiles

/// `pth2swt check`: checks weight files against every rule of the format.
struct Check: Command {
  static let spec = CommandSpec(
    "check", "Check every structural rule, checksum and digest of .swt files; print their content ids.",
    operands: [
      .init("FILE.swt", "Weight files, and folders, which are searched recursively.", repeated: true)
    ],
    options: [
      .value(
        "format", "FORMAT[=PATH]",
        "text, json, jsonl, junit, tap, github, markdown or html; =PATH writes a file; repeatable.",
        of: .words(ReportOutputs.names))
    ],
    examples: [
      .init("pth2swt check model.swt", "Is the file intact, bit for bit?"),
      .init("pth2swt check converted/ --format junit=check.xml", "Are all of them?"),
    ])

  let paths: [String]
  let reports: ReportOutputs
  let hasFormats: Bool
  let json: Bool

  init(_ arguments: Arguments) throws(UsageError) {
    paths = arguments.operands
    reports = try ReportOutputs(arguments)
    hasFormats = arguments.has("format")
    json = arguments.has("json")
  }

  func run(_ console: Console) throws(CommandFailure) -> ExitStatus {
    if WeightFileList.isSeveral(paths) || hasFormats {
      let files = try WeightFileList.expand(paths)
      try reports.requireOther(than: files)
      return try FilesRun(command: "check", reports: reports, json: json).run(files, console) {
        path throws(CommandFailure) in
        let result = try steadily(path)
        let more = result.lines.dropFirst().map { $0.split(separator: " ").joined(separator: " ") }
        return .init(line: ([result.lines[0]] + more).joined(separator: ", "), members: result.members)
      }
    }
    let result = try steadily(paths[0])
    if json {
      let members = [JSONMember("schema", "pth2swt.check/1")] + result.members
      console.document(JSONValue.object(members).text(pretty: true) + "\n")
    } else {
      for line in result.lines { console.line(line) }
    }
    return .success
  }

  /// Checks the numbers of a network of integers, which the format alone does not know.
  private func checkQuantized(_ file: SWTFile, _ path: String) throws(CommandFailure) {
    guard file.isQuantizedNetwork else { return }
    do {
      try file.checkQuantizedNetwork(try Model(file).tree)
    } catch {
      throw CommandFailure(.inputUnreadable, file: path, "\(error)")
    }
  }

  private func steadily(_ path: String) throws(CommandFailure) -> (lines: [String], members: [JSONMember]) {
    try OpenFile.watching([path]) { () throws(CommandFailure) in try check(path) }
  }

  private func check(_ path: String) throws(CommandFailure) -> (lines: [String], members: [JSONMember]) {
    let file = try OpenFile.weights(path)
    do throws(SWTError) {
      try file.verify(using: SystemDigests())
    } catch {
      throw CommandFailure(reading: path, error)
    }
    try checkQuantized(file, path)
    let identity = file.contentID(using: SystemDigests()).map { "swt1:\($0.hex)" } ?? "none"
    var lines = [
      "\(path): valid, \(file.tensorCount) tensors, \(Text.bytes(file.byteCount))",
      "  content id  \(identity)",
    ]
    let quantized = QuantizedSummary(file)
    if let quantized { lines.append("  quantized   \(quantized.sentence)") }
    return (
      lines,
      [
        JSONMember("file", .string(path)), JSONMember("bytes", .int(file.byteCount)),
        JSONMember("tensors", .int(file.tensorCount)), JSONMember("content_id", .string(identity)),
        JSONMember("quantized", quantized?.json ?? .null), JSONMember("verdict", "pass"),
      ]
    )
  }
}
