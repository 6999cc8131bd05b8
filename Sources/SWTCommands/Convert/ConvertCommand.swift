internal import PthReader
internal import ResNetArchitecture
internal import SWTBytes
internal import SWTConsole
internal import SWTConversion
internal import SWTTensorFiles

/// `pth2swt convert`: converts a checkpoint to a weight file.
struct Convert: Command {
  static let spec = CommandSpec(
    "convert", "Convert a PyTorch checkpoint to a .swt weight file, without executing anything in it.",
    operands: [
      .init(
        "INPUT",
        "A readable checkpoint, a .swt file, or a folder, which is searched recursively.",
        repeated: true)
    ],
    options: [
      .value(
        "output", "OUT",
        "Output file (.swt, .safetensors or .pth); a folder if there are several inputs.",
        short: "o", of: .path),
      .value(
        "arch", "ARCH",
        "auto (default): recognize the architecture; none: any state dict; NAME: require that architecture.",
        of: .words(["auto", "none"] + Architecture.published.map(\.name))),
      .value("key", "PATH", "Entry of a nested checkpoint: state_dict, model, model_ema …"),
      .value(
        "head", "KEY|none",
        "The linear layer that is the classifier, by its name in the file; none: a network without one."),
      .flag("strict", "Refuse a network of which the file leaves something open that is only assumed."),
      .value(
        "golden", "GOLDEN", "Embed a golden test, which lets the file verify itself; repeatable.", of: .path),
      .value("meta", "KEY=VALUE", "Add metadata; repeatable. Keys of your own start with 'x.'."),
      .value("license", "ID", "SPDX identifier of the weights' license."),
      .value("labels", "FILE", "Class names, one per line.", of: .path),
      .value(
        "precision", "TYPE", "Storage type of convolution and fc weights: f32, f16, bf16 or i8.",
        of: .words(Precision.allCases.map(\.rawValue))),
      .value(
        "keep-wide", "WHICH",
        "With i8, layers kept in f16: auto (default; first convolution and fc where it pays), none, names.",
        of: .words(["auto", "none"])),
      .flag("fold-bn", "Fold BatchNorm into the convolutions."),
      .flag("dequantize", "Turn the integers of a quantized network into float32, weight times scale."),
    ] + Conventions.options + [
      .value(
        "part", "K/N",
        "With --arch none: convert the K-th of N parts of one checkpoint, for a job array."),
      .flag("join", "The inputs are all parts of one checkpoint; OUT is the file that one run would write."),
      .value("threads", "N", "Number of threads (default: one per core)."),
      .flag("force", "Replace an existing OUT, even if it is up to date."),
      .flag("dry-run", "Say what would be converted, and write nothing."),
      .flag("skip-unknown", "Other networks than ResNet and ResNeXt in a folder are no failures."),
      .value(
        "exclude", "GLOB", "Leave out files and folders of a folder whose name or path matches; repeatable."),
      .value(
        "format", "FORMAT[=PATH]",
        "text, json, jsonl, junit, tap, github, markdown or html; =PATH writes a file; repeatable.",
        of: .words(ReportOutputs.names)),
    ],
    examples: [
      .init("pth2swt convert model.pth -o model.swt", "Convert, inferring the architecture from the shapes."),
      .init(
        "pth2swt convert model.pth -o model.swt --golden model.golden.safetensors",
        "Also embed a golden test."),
      .init(
        "pth2swt convert model.pth -o small.swt --fold-bn --precision f16", "Half the size, with receipts."),
      .init(
        "pth2swt convert caffe.pth -o v1.swt --stride-on 1x1 --channel-order bgr",
        "Specify what shapes and names do not tell."),
      .init(
        "pth2swt convert unet.pth -o unet.swt --arch none", "Any state dict, under its own names."),
      .init(
        "pth2swt convert --join parts/*.swt -o whole.swt", "Join what several machines converted with --part."
      ),
      .init(
        "pth2swt convert checkpoints/ more/*.pth -o converted/",
        "Convert all, several at once; the same command again resumes after an interruption."),
      .init(
        "pth2swt convert in/ -o out/ --skip-unknown --format junit=convert.xml",
        "The same in CI, with a report."),
    ])

  let inputs: [String]
  let output: String
  let labelsPath: String?
  let excluded: [NamePattern]
  let skipsUnknown: Bool
  let isDryRun: Bool
  /// Nil without `--format`.
  let reports: ReportOutputs?
  var options: ConversionOptions
  let joins: Bool
  let json: Bool
  let quiet: Bool
  private let progress: ProgressBar.When

  init(_ arguments: Arguments) throws(UsageError) {
    inputs = arguments.operands
    guard let output = arguments.value("output") else { throw UsageError("convert needs -o OUT") }
    self.output = output
    var options = ConversionOptions()
    switch arguments.value("arch") {
    case nil, "auto": options.architecture = .auto
    case "none": options.architecture = .none
    case let name?:
      let known = ["auto", "none"] + Architecture.published.map(\.name)
      guard Architecture.named(name) != nil else {
        let hint = EditDistance.nearest(to: name, in: known).map { "; did you mean \($0)?" } ?? ""
        throw UsageError("there is no architecture '\(name)'\(hint)")
      }
      options.architecture = .named(name)
    }
    options.key = arguments.value("key")
    options.conventions = try Conventions(arguments)
    options.isStrict = arguments.has("strict")
    switch arguments.value("head") {
    case nil, "auto": break
    case "none": options.head = .none
    case let name?: options.head = .key(name)
    }
    let isOpen = options.conventions == Conventions() && options.head == .auto && !options.isStrict
    if options.architecture == .none, !isOpen {
      throw UsageError(
        "--arch none has no layer tree, so options such as --stride-on do not apply")
    }
    options.goldens = arguments.all("golden")
    options.license = arguments.value("license")
    options.replacesExisting = arguments.has("force")
    options.foldsBatchNorm = arguments.has("fold-bn")
    options.dequantizes = arguments.has("dequantize")
    if arguments.value("precision") != nil {
      let names = Precision.allCases.map(\.rawValue)
      options.precision = Precision(rawValue: try arguments.choice("precision", names, default: "f32"))
    }
    options.wideLayers = try Self.wideLayers(arguments, options.precision)
    options.limits = try arguments.limits()
    for setting in arguments.all("meta") {
      let parts = setting.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard parts.count == 2, MetadataKeys.isKey(String(parts[0])) else {
        throw UsageError("--meta expects KEY=VALUE with a key of a-z, 0-9, _ and ., not '\(setting)'")
      }
      let key = String(parts[0])
      if MetadataKeys.type(of: key) != nil, MetadataKeys.isProtected(key) {
        throw UsageError("\(key) describes the file; convert sets it itself")
      }
      options.metadata.append((key, try MetadataKeys.value(String(parts[1]), of: key)))
    }
    labelsPath = arguments.value("labels")
    excluded = arguments.all("exclude").map { NamePattern(text: $0) }
    skipsUnknown = arguments.has("skip-unknown")
    isDryRun = arguments.has("dry-run")
    reports = arguments.has("format") ? try ReportOutputs(arguments) : nil
    joins = arguments.has("join")
    options.part = try Self.part(arguments, options, joins)
    options.threads = try arguments.integer("threads", in: 1...1024, default: options.threads)
    self.options = options
    json = arguments.has("json")
    quiet = arguments.has("quiet")
    progress = try arguments.progress()
  }

  private static func wideLayers(
    _ arguments: Arguments, _ precision: Precision?
  ) throws(UsageError) -> WideLayers {
    guard let text = arguments.value("keep-wide") else { return .auto }
    guard precision == .i8 else { throw UsageError("--keep-wide requires --precision i8") }
    switch text {
    case "auto": return .auto
    case "none": return .none
    default: return .named(text.split(separator: ",").map(String.init))
    }
  }

  func run(_ console: Console) throws(CommandFailure) -> ExitStatus {
    var options = options
    if let labelsPath { options.labels = try Self.readLabels(labelsPath) }
    if joins { return try runOne(options, console) }
    let isFolder =
      inputs.count > 1 || Folder.exists(inputs[0]) && CheckpointFolder(inputs[0]) == nil
      || output.hasSuffix("/") || Folder.exists(output)
    if isFolder, options.part != nil {
      throw CommandFailure(.usage, "--part divides one checkpoint; -o is the file of the part")
    }
    if isFolder { return try runAll(options, FleetPlan(inputs, into: output, excluding: excluded), console) }
    guard isDryRun || skipsUnknown || reports != nil else { return try runOne(options, console) }
    try OutputFile.requireFolder(of: output)
    return try runAll(options, FleetPlan(inputs[0], to: output), console)
  }

  private func runOne(
    _ options: ConversionOptions, _ console: Console
  ) throws(CommandFailure) -> ExitStatus {
    let input = inputs[0]
    let parts = CheckpointFolder(input)?.paths ?? []
    try OutputFile.requireOther(
      output, than: inputs + parts + options.goldens + [labelsPath].compactMap(\.self))
    LeftoverTemporaries.remove(in: Folder.parent(of: output), of: [Folder.name(of: output)])
    var byteCount = 0
    for path in inputs { if case .file(let size)? = Folder.kind(path) { byteCount += size } }
    if let folder = CheckpointFolder(input) { byteCount = folder.byteCount }
    let total = byteCount
    let tracker = ConversionProgress()
    let bar = ProgressBar.style(progress, quiet: quiet, console).map { style in
      ProgressBar(style, console) {
        ProgressBar.State(
          fraction: tracker.fraction, done: Int(tracker.fraction * Double(total)), total: total,
          note: tracker.tried > 0 ? "\(tracker.tried) conventions tried" : "")
      }
    }
    defer { bar?.finish() }
    let clock = ContinuousClock()
    let start = clock.now
    let summary =
      joins
      ? try Self.join(inputs, to: output, options, tracker)
      : try Self.convert(input, to: output, options, tracker)
    let seconds = (clock.now - start) / .seconds(1)
    bar?.end()
    for warning in summary.warnings { console.note("pth2swt: warning: \(input): \(warning)") }
    if json {
      console.document(ConvertReport.document(summary, input, output, seconds).text(pretty: true) + "\n")
    } else if !quiet {
      console.write(ConvertReport.text(summary, output, seconds))
    }
    return .success
  }

  private func runAll(
    _ options: ConversionOptions, _ plan: FleetPlan, _ console: Console
  ) throws(CommandFailure) -> ExitStatus {
    let clock = ContinuousClock()
    let start = clock.now
    try reports?.requireOther(
      than: plan.items.map(\.input) + options.goldens + [labelsPath].compactMap(\.self))
    for note in plan.notes { console.note("pth2swt: note: \(note)") }
    if !isDryRun { try Self.prepareFolders(plan) }
    let fleet = Fleet(
      plan, options, otherInputs: options.goldens + [labelsPath].compactMap(\.self),
      skipsUnknown: skipsUnknown, isDryRun: isDryRun)
    // Reports to standard output come at the end, alone.
    let isSilent = json || quiet || reports != nil
    for failure in plan.failures { CommandLineTool.report(failure, json, console) }
    let bar = ProgressBar.style(progress, quiet: quiet, console).map { style in
      ProgressBar(style, console) { fleet.progress }
    }
    defer { bar?.finish() }
    let json = json
    fleet.run { item, outcome in
      func write() {
        if case .failed(let failure) = outcome {
          CommandLineTool.report(failure, json, console)
        } else if !isSilent {
          for line in FleetReport.lines(item, outcome) { console.line(line) }
        }
      }
      if let bar { bar.above(write) } else { write() }
    }
    bar?.end()
    let seconds = (clock.now - start) / .seconds(1)
    if let reports {
      try reports.write(FleetReport.report(fleet, plan, seconds), console)
    } else if json {
      console.document(FleetReport.document(fleet, plan, seconds).text(pretty: true) + "\n")
    } else if !quiet {
      console.line(FleetReport.summary(fleet, plan, seconds))
    }
    return plan.failures.reduce(fleet.status) { max($0, $1.status) }
  }

  /// Makes the output folders and removes temporary files that killed runs left in them.
  private static func prepareFolders(_ plan: FleetPlan) throws(CommandFailure) {
    var names: [String: Set<String>] = [:]
    for item in plan.items {
      names[Folder.parent(of: item.output), default: []].insert(Folder.name(of: item.output))
    }
    for (folder, names) in names {
      do throws(WriteFailure) {
        try Folder.make(folder)
      } catch {
        throw CommandFailure(writing: folder, error)
      }
      LeftoverTemporaries.remove(in: folder, of: names)
    }
  }

  static func convert(
    _ input: String, to output: String, _ options: ConversionOptions, _ progress: ConversionProgress
  ) throws(CommandFailure) -> ConversionSummary {
    do throws(ConversionFailure) {
      return try Converter.convert(input, to: output, options, progress: progress)
    } catch {
      throw .diagnosed(error)
    }
  }

  static func readLabels(_ path: String) throws(CommandFailure) -> [String] {
    do throws(ParseFailure) {
      let source = try FileSource(path: path)
      guard source.byteCount <= 16 << 20 else {
        throw ParseFailure(.unsupported("a list of labels has at most 16 MiB, not \(source.byteCount) bytes"))
      }
      let bytes = try source.bytes(at: 0, count: source.byteCount)
      guard let text = String(validating: bytes, as: UTF8.self) else {
        throw ParseFailure(.invalid("the labels are not UTF-8"))
      }
      // Split by scalars, because "\r\n" is a single Character, not equal to "\n".
      var lines = text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false).map { line in
        String(line.last == "\r" ? line.dropLast() : line)
      }
      if lines.last == "" { lines.removeLast() }
      return lines
    } catch {
      throw CommandFailure(reading: path, error)
    }
  }
}
