internal import SWTBytes
internal import SWTConsole
internal import SWTReports
internal import SWTTensorFiles

/// Does something with each of several files and reports all of it together: a failure does not stop the others.
struct FilesRun {
  /// What was done with a file.
  struct Success {
    /// One line for people.
    let line: String
    /// The fields of the command's document about one file.
    let members: [JSONMember]
  }

  let command: String
  let reports: ReportOutputs

  /// - Parameters:
  ///   - files: The files.
  ///   - console: Where reports and failures go.
  ///   - body: Does it, or fails.
  /// - Returns: The highest exit status of all files.
  /// - Throws: ``CommandFailure`` if a report cannot be written.
  func run(
    _ files: [String], _ console: Console, _ body: (String) throws(CommandFailure) -> Success
  ) throws(CommandFailure) -> ExitStatus {
    var (entries, documents, lines): ([FilesReport.Entry], [JSONValue], [String]) = ([], [], [])
    var status = ExitStatus.success
    for file in files {
      do throws(CommandFailure) {
        let done = try body(file)
        entries.append(FilesReport.Entry(file, .pass, done.line, code: 0))
        documents.append(.object(done.members))
        lines.append(done.line)
      } catch {
        status = max(status, error.status)
        entries.append(FilesReport.Entry(file, .fail, error.line, code: Int(error.status.rawValue)))
        documents.append(["file": .string(file), "verdict": "fail", "error": error.json])
        lines.append("\(file): FAIL: \(error.message)")
        console.note("pth2swt: \(error.line)")
      }
    }
    let failed = entries.count { $0.verdict == .fail }
    let count = "\(files.count) \(files.count == 1 ? "file" : "files")"
    lines.append("\(count): \(files.count - failed) pass, \(failed) fail")
    let json: JSONValue = [
      "schema": .string("pth2swt.\(command)-files/1"), "verdict": failed == 0 ? "pass" : "fail",
      "files": .array(documents),
      "summary": [
        "files": .int(files.count), "passed": .int(files.count - failed), "failed": .int(failed),
        "exit": .int(status.rawValue),
      ],
    ]
    try reports.write(
      FilesReport(command, entries, text: lines.joined(separator: "\n") + "\n", json: json), console)
    return status
  }
}
