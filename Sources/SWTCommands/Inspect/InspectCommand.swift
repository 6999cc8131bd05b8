internal import PthReader
internal import SWT
internal import SWTBytes
internal import SWTConsole
internal import SWTConversion
internal import SWTInputs
internal import SWTReports
internal import SWTTensorFiles

/// `pth2swt inspect`: what is in a file, without loading it.
struct Inspect: Command {
  static let spec = CommandSpec(
    "inspect", "Show what is in a checkpoint or a .swt file: container, architecture, tensors, metadata.",
    operands: [.init("FILE", "Any readable checkpoint, or a .swt file. Nothing in it is ever executed.")],
    options: [
      .value("depth", "N", "Levels of the module tree (default: what fits on a screen or two)."),
      .flag("tensors", "List every tensor."),
      .flag("hash", "List every tensor with the SHA-256 of its contiguous little-endian values."),
      .flag(
        "stats", "Read all values: minimum, maximum, mean, deviation, zeros, NaN, dead channels, outliers."),
      .optionalValue(
        "html", "PATH", "A page with sizes, histograms and what is unusual, to PATH or to standard output.",
        of: .path),
      .value("threads", "N", "Threads that read values (default: one for each core)."),
    ],
    examples: [
      .init("pth2swt inspect model.pth", "What is this file?"),
      .init("pth2swt inspect model.pth --html=model.html", "Sizes and values as pictures, in one page."),
      .init("pth2swt inspect model.pth --stats", "Are there NaN, dead channels, values far outside?"),
      .init("pth2swt inspect model.pth --hash --json", "Every tensor with its digest, for a program."),
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

  func run(_ console: Console) throws(CommandFailure) -> ExitStatus {
    try page?.requireOther(than: [path])
    var report: InspectReport
    do throws(InputFailure) {
      // What names something dangerous is shown, and marked.
      let input = try OpenedInput(path, limits: limits, allowsDangerous: true)
      report = try InspectReport(input, path: path, hashes: hashes)
      if readsValues {
        let style = ProgressBar.style(progress, quiet: quiet, console)
        try report.readValues(threads: threads, progress: style, console)
      }
    } catch {
      throw CommandFailure(error)
    }
    if let page {
      try page.write(InspectPage(report).text, console)
      if page.isAll || quiet && !json { return .success }
    }
    // A machine asks for all that there is: --json lists the tensors with or without --tensors.
    if json {
      report.writeJSON { console.write($0) }
    } else {
      InspectText(report, console, depth: depth).write(listsTensors: listsTensors)
    }
    return .success
  }
}
