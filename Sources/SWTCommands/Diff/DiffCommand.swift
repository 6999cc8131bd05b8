internal import SWTBytes
internal import SWTConsole
internal import SWTConversion
internal import SWTInputs
internal import SWTReports
internal import SWTTensorFiles
internal import SWTVerification

/// `pth2swt diff`: compares two weight files or checkpoints, tensor by tensor.
struct Diff: Command {
  static let spec = CommandSpec(
    "diff",
    "Compare two weight files or checkpoints, tensor by tensor; exit 0 if all values are the same.",
    operands: [.init("A", "A checkpoint or a .swt file."), .init("B", "Another one.")],
    options: [
      .flag("all", "List equal tensors too."),
      .optionalValue(
        "html", "PATH",
        "Write a page with both trees and the sizes of the differences, to PATH or standard output.",
        of: .path),
      .value("threads", "N", "Number of threads (default: one per core)."),
    ],
    examples: [
      .init("pth2swt diff model.pth model.swt", "Did the conversion keep every value?"),
      .init("pth2swt diff old.pth new.pth", "What did the training step change?"),
      .init("pth2swt diff old.pth new.pth --html=diff.html", "The same, as a page with pictures."),
    ])

  let paths: [String]
  let listsAll: Bool
  let json: Bool
  let quiet: Bool
  let page: PageOutput?
  let threads: Int
  let limits: ParseLimits

  init(_ arguments: Arguments) throws(UsageError) {
    paths = arguments.operands
    listsAll = arguments.has("all")
    json = arguments.has("json")
    quiet = arguments.has("quiet")
    page = try PageOutput(arguments)
    threads = try arguments.threads() ?? ConversionOptions().threads
    limits = try arguments.limits()
  }

  func run(_ console: Console) throws(CommandFailure) -> ExitStatus {
    try page?.requireOther(than: paths)
    let difference = try OpenFile.watching(paths) { () throws(CommandFailure) in
      do throws(InputFailure) {
        return try FileDifference(paths[0], paths[1], limits: limits, threads: threads)
      } catch {
        throw CommandFailure(error)
      }
    }
    let report = DiffReport(difference: difference, paths: paths)
    if let page { try page.write(DiffPage(report).text, console) }
    if page?.isAll != true {
      if json {
        console.document(report.json.text(pretty: true) + "\n")
      } else if !quiet {
        console.write(report.text(console, listsAll: listsAll))
      }
    }
    return difference.isEmpty ? .success : .verificationFailed
  }
}
