internal import ResNetEngine
internal import SWTBytes
internal import SWTVerification

/// `pth2swt verify`: the model against logits that somebody else computed.
struct Verify: Command {
  static let spec = CommandSpec(
    "verify",
    "Run golden inputs through the network and compare with the logits that the reference computed.",
    operands: [
      .init("MODEL.swt", "The weight file."),
      .init(
        "GOLDEN", "Golden files; without one, those embedded in the model.", optional: true, repeated: true),
    ],
    options: [
      .value("source", "INPUT", "First prove every tensor equal to the checkpoint it came from.", of: .path),
      .value("key", "PATH", "Which entry of a nested source."),
      .value(
        "level", "LEVEL", "weights, forward, layers or all (default).",
        of: .words(VerificationOptions.Level.allCases.map(\.rawValue))),
      .value(
        "compute", "TYPE", "f32 (default), bf16, i8 or double; bf16 and i8 are judged by their emulation.",
        of: .words(ComputeChoice.names)),
      .value(
        "engine", "ENGINE", "fast (default) or reference, the same as --compute double.",
        of: .words(["fast", "reference"])),
      .value("k", "N", "Allowed multiple of the reference's own noise floor (default: the golden's, 8)."),
      .flag("no-diagnose", "Do not look for the cause of a wrong result."),
      .value(
        "isa", "NAME", InstructionSet.help,
        of: .words(InstructionSet.names)),
      .value("mutate", "N", "How many of N single-weight sign flips would the goldens notice?"),
      .value("threads", "N", "Threads to use (default: one for each core)."),
      .value(
        "format", "FORMAT[=PATH]",
        "text, json, jsonl, junit, tap, github, markdown or html, into a file with =PATH; repeatable.",
        of: .words(ReportOutputs.names)),
      .value(
        "baseline", "OLD.json", "Warn where errors have grown 1.5 times since this --format json.", of: .path),
      .value(
        "update", "MODE",
        "none, new (make missing self goldens; the default) or all (and changed ones); none where CI is set.",
        of: .words(["none", "new", "all"])),
      .flag("actual", "Write what the model gives beside a golden that it fails: GOLDEN.actual."),
      .flag("force", "Let --update all make goldens anew whose weights are not the model's."),
      .flag("durations", "Show how long it took; reports are the same from run to run without."),
      .flag("bisect-codes", "Exit with 125 instead of 3, 4 and 5, for git bisect run."),
    ],
    examples: [
      .init("pth2swt verify model.swt", "Does the model give the logits of its embedded goldens?"),
      .init(
        "pth2swt verify model.swt model.golden.safetensors --source model.pth",
        "Weights and forward pass, against a golden file."),
      .init(
        "pth2swt verify model.swt input.npy logits.npy",
        "Against arrays that another program wrote; test_data_set_0 of ONNX, an .npz and a .pt do as well."),
      .init(
        "pth2swt verify model.swt --format junit=verify.xml --format html=verify.html",
        "Reports for a CI system and for people, besides the text."),
      .init(
        "pth2swt verify model.swt --format json=new.json --baseline old.json",
        "Are the errors growing, although they are still allowed?"),
      .init(
        "pth2swt verify model.swt model.self.golden.safetensors",
        "Has anything changed? The golden is made the first time."),
      .init(
        "git bisect run sh -c 'make model.swt && pth2swt verify model.swt --bisect-codes'",
        "Which commit broke the export?"),
    ])

  let path: String
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
    options.diagnoses = !arguments.has("no-diagnose")
    options.mutations = try arguments.integer("mutate", in: 0...1_000_000, default: 0)
    options.threads = try arguments.threads()
    options.diagnoses = !arguments.has("no-diagnose")
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
    do throws(CommandFailure) {
      let old = try baseline.map { path throws(CommandFailure) in (path, try Self.read(path)) }
      let update = GoldenUpdate(
        model: path, goldens: options.goldens, mode: UpdateMode(update, isCI: console.isCI),
        isExplicit: update != nil, isForced: isForced, threads: options.threads, limits: options.limits)
      var notes = try update.makeMissing()
      if update.mode == .none, let asked = self.update, asked != "none" {
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

  private func verify(_ console: Console) throws(CommandFailure) -> VerificationReport {
    do throws(VerificationFailure) {
      return try Verifier.verify(path, options)
    } catch {
      guard case .golden(let file, _) = error, file.hasSuffix(UpdateMode.selfEnding), console.isCI else {
        throw CommandFailure(error)
      }
      let failure = CommandFailure(error)
      throw CommandFailure(
        failure.status, file: file, failure.message,
        hint: "CI is set, so none is made: make it where you work, and commit it")
    }
  }

  private static func read(_ path: String) throws(CommandFailure) -> [UInt8] {
    do throws(ParseFailure) {
      let source = try FileSource(path: path)
      try ParseLimits().check(.jsonBytes, source.byteCount)
      return try source.bytes(at: 0, count: source.byteCount)
    } catch {
      throw CommandFailure(reading: path, error)
    }
  }

  private static func drift(
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

extension CommandFailure {
  init(_ failure: VerificationFailure) {
    switch failure {
    case .model(let file, let error): self.init(reading: file, error)
    case .network(let file, let text): self.init(.weightsDiffer, file: file, text)
    case .golden(let file, let text):
      self.init(
        .goldenUnusable, file: file, text, hint: "pth2swt golden make --print-script makes one with PyTorch")
    case .source(let file, let text): self.init(.inputUnreadable, file: file, text)
    }
  }
}
