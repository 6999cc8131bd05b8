internal import PthReader
internal import SWT
internal import SWTBytes
internal import SWTConsole
internal import SWTConversion
internal import SWTInputs
internal import SWTReports
internal import SWTTensorFiles

/// `pth2swt inspect`: shows what is in a file, without loading it.
struct Inspect: Command {
  static let spec = CommandSpec(
    "inspect", "Show what is in a checkpoint or a .swt file: container, architecture, tensors, metadata.",
    operands: [.init("FILE", "A readable checkpoint or a .swt file. Nothing in it is ever executed.")],
    options: [
      .value("depth", "N", "Levels of the module tree (default: what fits one or two screens)."),
      .flag("tensors", "List every tensor."),
      .flag("hash", "List every tensor with the SHA-256 of its contiguous little-endian values."),
      .flag(
        "stats",
        "Read all values: minimum, maximum, mean, standard deviation, zeros, NaN, dead channels, outliers."),
      .optionalValue(
        "html", "PATH", "Write a page with sizes, histograms and anomalies, to PATH or standard output.",
        of: .path),
      .value("threads", "N", "Number of threads (default: one per core)."),
    ],
    examples: [
      .init("pth2swt inspect model.pth", "What is this file?"),
      .init("pth2swt inspect model.pth --html=model.html", "A page with pictures of sizes and values."),
      .init("pth2swt inspect model.pth --stats", "Are there NaN, dead channels, outliers?"),
      .init("pth2swt inspect model.pth --hash --json", "Every tensor with its digest, as JSON."),
    ])

  let path: String
  let depth: Int?
  let listsTensors: Bool
  let hashes: Bool
  let readsValues: Bool
  let page: PageOutput?
  let json: Bool
  let quiet: Bool
  let threads: Int
  let progress: ProgressBar.When
  let limits: ParseLimits

  init(_ arguments: Arguments) throws(UsageError) {
    path = arguments.operands[0]
    depth = arguments.has("depth") ? try arguments.integer("depth", in: 1...40, default: 1) : nil
    hashes = arguments.has("hash")
    page = try PageOutput(arguments)
    readsValues = arguments.has("stats") || page != nil
    listsTensors = arguments.has("tensors") || hashes || arguments.has("stats")
    json = arguments.has("json")
    quiet = arguments.has("quiet")
    threads = try arguments.threads() ?? ConversionOptions().threads
    progress = try arguments.progress()
    limits = try arguments.limits()
  }

  private func read(_ console: Console) throws(CommandFailure) -> InspectReport {
    do throws(InputFailure) {
      // A pickle with dangerous globals is shown, and marked as such.
      let input = try OpenedInput(path, limits: limits, allowsDangerous: true)
      var report = try InspectReport(input, path: path, hashes: hashes)
      if readsValues {
        let style = ProgressBar.style(progress, quiet: quiet, console)
        try report.readValues(threads: threads, progress: style, console)
      }
      try input.requireUnchanged()
      return report
    } catch {
      throw CommandFailure(error)
    }
  }

  func run(_ console: Console) throws(CommandFailure) -> ExitStatus {
    try page?.requireOther(than: [path])
    let report = try OpenFile.watching([path]) { () throws(CommandFailure) in try read(console) }
    if let page {
      try page.write(InspectPage(report).text, console)
      if page.isAll || quiet && !json { return .success }
    }
    // JSON is complete: it lists the tensors with or without --tensors.
    if json {
      report.writeJSON { console.document($0) }
    } else {
      InspectText(report, console, depth: depth).write(listsTensors: listsTensors)
    }
    return .success
  }
}
