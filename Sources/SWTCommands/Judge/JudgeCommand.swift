internal import SWTBytes
internal import SWTConsole
internal import SWTGoldens
internal import SWTInputs
internal import SWTReports
internal import SWTVerification

/// `pth2swt judge`: is another engine right?
struct Judge: Command {
  static let spec = CommandSpec(
    "judge",
    "Judge another engine by its outputs for goldens; the golden is the truth, the model file the network.",
    operands: [
      .init("MODEL.swt", "The weight file that the engine runs."),
      .init(
        "GOLDEN", "Golden files (default: those embedded in the model).", optional: true, repeated: true),
    ],
    options: [
      .value(
        "outputs", "[NAME=]FILE",
        "The engine's outputs: .npz, .npy (logits), .safetensors, or a folder of .npy or ONNX .pb; NAME is a "
          + "golden's; repeatable.", of: .path),
      .value(
        "run", "COMMAND",
        "Run the engine instead: {input} becomes a .npy, {output} the path that it writes, with "
          + ".npy, .npz or no ending."),
      .value("run-timeout", "SECONDS", "Time for one run of the engine (default: 600)."),
      .value("engine", "NAME", "What to call the engine; known names get hints on their options."),
      .value(
        "map", "THEIRS=OURS",
        "The engine's array THEIRS is the layer OURS: conv1, layer1.0, logits; repeatable."),
      .value(
        "layout", "LAYOUT",
        "Order of the engine's arrays: auto (default), nchw or nhwc; for --run its input, too.",
        of: .words(OutputLayout.allCases.map(\.rawValue))),
      .value(
        "expect", "TYPE", "The precision that is meant: f32 (default), tf32, f16, bf16 or i8.",
        of: .words(Self.precisions)),
      .value("budget", "SECONDS", "Time for the search for a cause (default: 20)."),
      .value("threads", "N", "Number of threads (default: one per core)."),
      .value(
        "format", "FORMAT[=PATH]",
        "text, json, jsonl, junit, tap, github, markdown or html; =PATH writes a file; repeatable.",
        of: .words(ReportOutputs.names)),
      .value(
        "baseline", "OLD.json", "Warn if an error has grown 1.5 times since this JSON report.", of: .path),
    ],
    examples: [
      .init(
        "pth2swt golden export model.swt -o inputs",
        "Write the goldens' inputs as .npy, for an engine to read."),
      .init(
        "pth2swt judge model.swt --outputs outputs.npz --engine OpenVINO",
        "Do these logits and layers agree with the embedded golden?"),
      .init(
        "pth2swt judge model.swt image-64.golden.safetensors --outputs logits.npy --expect bf16",
        "Is the error that of bfloat16?"),
      .init(
        "pth2swt judge model.swt --run 'python3 engine.py {input} {output}' --format html=judge.html",
        "Run the engine on every golden's input, and write a page."),
    ])

  private static let precisions = ["f32", "tf32", "f16", "bf16", "i8"]

  let path: String
  let options: JudgeOptions
  let outputs: [String]
  let runner: EngineRun?
  let reports: ReportOutputs
  let baseline: String?
  let progress: ProgressBar.When
  let quiet: Bool

  init(_ arguments: Arguments) throws(UsageError) {
    path = arguments.operands[0]
    var options = JudgeOptions()
    options.goldens = Array(arguments.operands.dropFirst())
    if let name = arguments.value("engine") { options.engine = name }
    for pair in arguments.all("map") {
      let parts = pair.split(separator: "=", omittingEmptySubsequences: false).map(String.init)
      guard parts.count >= 2, let ours = parts.last, !ours.isEmpty else {
        throw UsageError("--map expects THEIRS=OURS, not '\(pair)'")
      }
      options.map[ExactString(parts.dropLast().joined(separator: "="))] = ours
    }
    let layouts = OutputLayout.allCases.map(\.rawValue)
    options.layout = OutputLayout(rawValue: try arguments.choice("layout", layouts, default: "auto")) ?? .auto
    if arguments.has("expect") {
      options.expected = EngineClass(
        precision: try arguments.choice("expect", Self.precisions, default: "f32"))
    }
    options.budget = try arguments.seconds("budget", default: 20)
    options.threads = try arguments.threads()
    options.limits = try arguments.limits()
    self.options = options
    outputs = arguments.all("outputs")
    runner = try arguments.value("run").map { command throws(UsageError) in
      try EngineRun(
        command, seconds: try arguments.seconds("run-timeout", default: 600), layout: options.layout)
    }
    guard outputs.isEmpty != (runner == nil) else {
      throw UsageError("judge needs either --outputs FILE or --run COMMAND")
    }
    reports = try ReportOutputs(arguments)
    baseline = arguments.value("baseline")
    progress = try arguments.progress()
    quiet = arguments.has("quiet")
  }

  func run(_ console: Console) throws(CommandFailure) -> ExitStatus {
    try reports.requireOther(than: [path] + options.goldens + outputs)
    do throws(CommandFailure) {
      let old = try baseline.map { path throws(CommandFailure) in (path, try Verify.read(path)) }
      let report = try OpenFile.watching([path] + options.goldens) { () throws(CommandFailure) in
        try judge(console)
      }
      var document = ReportDocument(report, version: CommandLineTool.version)
      document.notes = report.judgement?.notes(passes: report.passes) ?? []
      document.timestamp = console.environment("SOURCE_DATE_EPOCH").flatMap { Int($0) }
      if let (path, bytes) = old { document.drift = try Verify.drift(report, bytes, path) }
      try reports.write(document, console)
      if report.judgement?.modelAgrees == false { return .weightsDiffer }
      return report.passes ? .success : .verificationFailed
    } catch {
      try reports.write(
        ReportFailure(model: path, code: Int(error.status.rawValue), message: error.line), console)
      throw error
    }
  }

  private func judge(_ console: Console) throws(CommandFailure) -> VerificationReport {
    let session: JudgeSession
    do throws(VerificationFailure) {
      session = try JudgeSession(path, options)
    } catch {
      throw CommandFailure(error)
    }
    var given: [JudgeSession.Given] = []
    if let runner {
      let style = ProgressBar.style(progress, quiet: quiet, console)
      for (number, entry) in session.goldens.enumerated() {
        if style != nil {
          console.note("running the engine on \(entry.name) (\(number + 1) of \(session.goldens.count))")
        }
        let outputs = try runner.run(entry.golden, limits: options.limits)
        given.append(.init(golden: entry.name, outputs))
      }
    } else {
      for text in outputs { given += try read(text, session) }
    }
    let budget = options.budget
    let start = ContinuousClock.now
    let bar = ProgressBar.style(progress, quiet: quiet, console).map { style in
      ProgressBar(style, console) {
        let seconds = (ContinuousClock.now - start) / .seconds(1)
        return .init(fraction: min(1, seconds / max(budget, 1)), done: 0, total: 0, note: "judging")
      }
    }
    defer { bar?.finish() }
    do throws(JudgeFailure) {
      return try session.judge(given)
    } catch {
      throw CommandFailure(error)
    }
  }

  /// The outputs that a value of `--outputs` names.
  private func read(
    _ text: String, _ session: JudgeSession
  ) throws(CommandFailure) -> [JudgeSession.Given] {
    var (name, file): (String?, String) = (nil, text)
    if Folder.kind(text) == nil {
      let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
      if parts.count == 2 { (name, file) = (parts[0], parts[1]) }
    }
    do throws(InputFailure) {
      return try EngineOutputs.read(file, limits: options.limits).map { .init(golden: name, $0) }
    } catch {
      throw CommandFailure(error)
    }
  }
}

extension CommandFailure {
  init(_ failure: JudgeFailure) {
    switch failure {
    case .verification(let failure): self.init(failure)
    case .outputs(let file, let text, let remedy):
      let hint: String? =
        switch remedy {
        case .none: nil
        case .mapNames: "--map THEIRS=logits says which array it is"
        case .nameGolden: "--outputs NAME=FILE says to which golden a file belongs"
        }
      self.init(.inputUnreadable, file: file, text, hint: hint)
    }
  }
}
