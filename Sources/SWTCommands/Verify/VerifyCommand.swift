internal import ResNetEngine
internal import SWTBytes
internal import SWTConsole
internal import SWTReports
internal import SWTVerification

/// `pth2swt verify`: compares the model with a reference implementation's logits.
struct Verify: Command {
  static let spec = CommandSpec(
    "verify",
    "Run golden inputs through the network and compare the outputs with the reference's.",
    operands: [
      .init("MODEL.swt", "The weight file; or several, and folders of them, for one report about all."),
      .init(
        "GOLDEN", "Golden files (default: those embedded in the model).", optional: true, repeated: true),
    ],
    options: [
      .value(
        "source", "INPUT",
        "First compare every tensor with the checkpoint it came from; of several, convert's JSON report.",
        of: .path),
      .value("key", "PATH", "Entry of a nested source."),
      .value(
        "level", "LEVEL", "weights, forward, layers or all (default).",
        of: .words(VerificationOptions.Level.allCases.map(\.rawValue))),
      .value(
        "compute", "TYPE",
        "Operand type: f32 (default), bf16, i8 or double; bf16 and i8 are compared with their emulation.",
        of: .words(ComputeChoice.names)),
      .value(
        "engine", "ENGINE", "fast (default) or reference, which is --compute double.",
        of: .words(["fast", "reference"])),
      .quantizedEngine,
      .value("k", "N", "Allowed error, in noise floors of the reference (default: the golden's, usually 8)."),
      .flag("no-diagnose", "Do not search for the cause of a wrong result."),
      .value("budget", "SECONDS", "Time for the search for a cause (default: 20)."),
      .value(
        "isa", "NAME", InstructionSet.help,
        of: .words(InstructionSet.names)),
      .value("mutate", "N", "Count how many of N single-weight sign flips the goldens detect."),
      .value("threads", "N", "Number of threads (default: one per core)."),
      .value(
        "format", "FORMAT[=PATH]",
        "text, json, jsonl, junit, tap, github, markdown or html; =PATH writes a file; repeatable.",
        of: .words(ReportOutputs.names)),
      .value(
        "baseline", "OLD.json", "Warn if an error has grown 1.5 times since this JSON report.", of: .path),
      .value(
        "update", "MODE",
        "Self goldens to write: none, new (default; if missing) or all (if changed, too); none if CI is set.",
        of: .words(["none", "new", "all"])),
      .flag("actual", "If a golden fails, write the model's outputs to GOLDEN.actual."),
      .flag("force", "Let --update all replace goldens whose weights are not the model's."),
      .flag("durations", "Report durations; without, reports are the same from run to run."),
      .flag("bisect-codes", "Exit with 125 instead of 3, 4 and 5, for git bisect run."),
    ],
    examples: [
      .init("pth2swt verify model.swt", "Does the model reproduce the logits of its embedded goldens?"),
      .init(
        "pth2swt verify model.swt model.golden.safetensors --source model.pth",
        "Check weights and forward pass against a checkpoint and a golden file."),
      .init(
        "pth2swt verify model.swt input.npy logits.npy",
        "Use arrays that another program wrote; ONNX test data, .npz and .pt work too."),
      .init(
        "pth2swt verify model.swt --format junit=verify.xml --format html=verify.html",
        "Also write reports for a CI system and for people."),
      .init(
        "pth2swt verify model.swt --format json=new.json --baseline old.json",
        "Are the errors growing, although still within bounds?"),
      .init(
        "pth2swt verify model.swt model.self.golden.safetensors",
        "Has anything changed? The first run makes the golden."),
      .init(
        "pth2swt verify converted/ --source fleet.json --format junit=verify.xml",
        "All that convert --json > fleet.json converted, in one report."),
      .init(
        "git bisect run sh -c 'make m.swt && pth2swt verify m.swt --bisect-codes'",
        "Which commit broke the export?"),
    ])

  let path: String
  private let operands: [String]
  /// Options that are about one file's goldens.
  private let single: [String]
  let options: VerificationOptions
  let outputs: ReportOutputs
  let baseline: String?
  let update: String?
  let writesActual: Bool
  let isForced: Bool
  let showsDurations: Bool
  let usesBisectCodes: Bool

  init(_ arguments: Arguments) throws(UsageError) {
    path = arguments.operands[0]
    operands = arguments.operands
    single = ["baseline", "update", "actual", "mutate"].filter { arguments.has($0) }
    var options = VerificationOptions()
    options.goldens = Array(arguments.operands.dropFirst())
    options.source = arguments.value("source")
    options.sourceKey = arguments.value("key")
    options.limits = try arguments.limits()
    let levels = VerificationOptions.Level.allCases.map(\.rawValue)
    options.level = .init(rawValue: try arguments.choice("level", levels, default: "all")) ?? .all
    let engine = try arguments.choice("engine", ["fast", "reference"], default: "fast")
    let compute = try arguments.choice("compute", ComputeChoice.names, default: "f32")
    switch engine == "reference" ? .double : ComputeChoice(compute) {
    case .double: options.compute = .double
    case .fast(.f32): options.compute = .float32(try arguments.isa())
    case .fast(let precision): options.compute = .reduced(precision, try arguments.isa())
    }
    if let text = arguments.value("k") {
      guard let k = Double(text), k > 0, k.isFinite else { throw UsageError("--k is a positive number") }
      options.k = k
    }
    options.quantizedBackend = try arguments.quantizedBackend()
    options.threads = try arguments.threads()
    options.diagnoses = !arguments.has("no-diagnose")
    options.budget = try arguments.seconds("budget", default: 20)
    options.mutations = try arguments.integer("mutate", in: 0...1_000_000, default: 0)
    self.options = options
    outputs = try ReportOutputs(arguments)
    baseline = arguments.value("baseline")
    update =
      arguments.has("update")
      ? try arguments.choice("update", UpdateMode.allCases.map(\.rawValue), default: "new") : nil
    writesActual = arguments.has("actual")
    isForced = arguments.has("force")
    showsDurations = arguments.has("durations")
    usesBisectCodes = arguments.has("bisect-codes")
  }

  func run(_ console: Console) throws(CommandFailure) -> ExitStatus {
    if try isSeveral() { return try verifyAll(console) }
    // Not even the reason for a failure may go to an input.
    try outputs.requireOther(than: [path] + options.goldens + [options.source].compactMap(\.self))
    do throws(CommandFailure) {
      let old = try baseline.map { path throws(CommandFailure) in (path, try Self.read(path)) }
      let update = GoldenUpdate(
        model: path, goldens: options.goldens, mode: UpdateMode(update, isCI: console.isCI),
        isExplicit: update != nil, isForced: isForced, threads: options.threads, limits: options.limits)
      var notes = try update.makeMissing()
      if update.mode == .none, let requested = self.update, requested != "none" {
        notes.append("CI is set, so no golden is made or changed")
      }
      let clock = ContinuousClock()
      let start = clock.now
      var report = try verify(console)
      let remade = try update.remake(report)
      if remade.didWrite { report = try verify(console) }
      notes += remade.notes
      if writesActual { notes += try update.writeActual(report) }

      var document = ReportDocument(report, version: CommandLineTool.version)
      if !report.ranForward { notes.append("no forward pass was run: the weights alone were compared") }
      if let unproven = report.source?.unproven, !unproven.isEmpty {
        notes.append("the source does not prove: \(unproven.joined(separator: ", "))")
      }
      document.notes = notes
      if showsDurations { document.seconds = (clock.now - start) / .seconds(1) }
      document.timestamp = console.environment("SOURCE_DATE_EPOCH").flatMap { Int($0) }
      if let (path, bytes) = old { document.drift = try Self.drift(report, bytes, path) }
      try outputs.write(document, console)
      guard report.weightsPass else { return status(.weightsDiffer) }
      return report.forwardPasses ? .success : .verificationFailed
    } catch {
      let code = status(error.status)
      try outputs.write(
        ReportFailure(model: path, code: Int(code.rawValue), message: error.line), console)
      throw CommandFailure(code, file: error.file, offset: error.offset, error.message, hint: error.hint)
    }
  }

  /// Whether the operands are weight files and folders, and not a weight file and its goldens.
  private func isSeveral() throws(CommandFailure) -> Bool {
    if Folder.exists(path) { return true }
    for operand in operands.dropFirst() where !Folder.exists(operand) && Folder.kind(operand) != nil {
      if try OpenFile.isWeights(operand) { return true }
    }
    return false
  }

  /// Verifies each file with its own goldens and source.
  private func verifyAll(_ console: Console) throws(CommandFailure) -> ExitStatus {
    if let option = single.first {
      throw CommandFailure(.usage, "--\(option) is for one weight file, not for several")
    }
    for operand in operands where !Folder.exists(operand) {
      // A file that is missing is reported with the others.
      if Folder.kind(operand) == nil { continue }
      guard try OpenFile.isWeights(operand) else {
        throw CommandFailure(
          .usage, file: operand, "it is not a weight file, and several weight files use the goldens in them",
          hint: "verify one weight file to name its goldens")
      }
    }
    let files = try WeightFileList.expand(operands)
    try outputs.requireOther(than: files + [options.source].compactMap(\.self))
    let sources = try FleetSources(options.source, operands)
    var verified: [VerifiedFile] = []
    var highest = ExitStatus.success
    for file in files {
      var options = options
      options.goldens = []
      options.source = sources.source(of: file)
      do throws(CommandFailure) {
        if self.options.source != nil, options.source == nil {
          throw CommandFailure(
            .inputUnreadable, file: file, "its source is not known: --source does not list it")
        }
        let report = try OpenFile.watching([file]) { () throws(CommandFailure) in
          do throws(VerificationFailure) {
            return try Verifier.verify(file, options)
          } catch {
            throw CommandFailure(error)
          }
        }
        var document = ReportDocument(report, version: CommandLineTool.version)
        if !report.ranForward {
          document.notes.append("no forward pass was run: the weights alone were compared")
        }
        let code =
          !report.weightsPass
          ? status(.weightsDiffer) : report.forwardPasses ? ExitStatus.success : .verificationFailed
        highest = max(highest, code)
        verified.append(VerifiedFile(document, code: Int(code.rawValue)))
      } catch {
        let code = status(error.status)
        highest = max(highest, code)
        console.note("pth2swt: \(error.line)")
        verified.append(
          VerifiedFile(
            ReportFailure(model: file, code: Int(code.rawValue), message: error.line), error: error.json))
      }
    }
    try outputs.write(FilesReport(verified: verified), console)
    return highest
  }

  private func verify(_ console: Console) throws(CommandFailure) -> VerificationReport {
    try OpenFile.watching([path] + options.goldens) { () throws(CommandFailure) in try verifyOnce(console) }
  }

  private func verifyOnce(_ console: Console) throws(CommandFailure) -> VerificationReport {
    do throws(VerificationFailure) {
      return try Verifier.verify(path, options)
    } catch {
      guard case .golden(let file, _) = error, file.hasSuffix(UpdateMode.selfEnding), console.isCI else {
        throw CommandFailure(error)
      }
      let failure = CommandFailure(error)
      throw CommandFailure(
        failure.status, file: file, failure.message,
        hint: "CI is set, so it is not made: make it on your machine and commit it")
    }
  }

  static func read(_ path: String) throws(CommandFailure) -> [UInt8] {
    do throws(ParseFailure) {
      let source = try FileSource(path: path)
      try ParseLimits().check(.jsonBytes, source.byteCount)
      return try source.bytes(at: 0, count: source.byteCount)
    } catch {
      throw CommandFailure(reading: path, error)
    }
  }

  static func drift(
    _ report: VerificationReport, _ bytes: [UInt8], _ path: String
  ) throws(CommandFailure) -> Drift {
    do throws(ParseFailure) {
      return try Drift(report, since: bytes, file: path)
    } catch {
      throw CommandFailure(reading: path, error)
    }
  }

  private func status(_ status: ExitStatus) -> ExitStatus {
    usesBisectCodes && [.weightsDiffer, .goldenUnusable, .inputUnreadable].contains(status)
      ? .bisectSkip : status
  }
}
