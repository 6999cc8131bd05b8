internal import ResNetEngine
internal import ResNetModel
internal import SWTConsole
internal import SWTEvaluation
internal import SWTImages
internal import SWTReports
internal import SWTTensorFiles
internal import SWTThreads

/// `pth2swt evaluate`: accuracy on labeled pictures.
struct Evaluate: Command {
  static let spec = CommandSpec(
    "evaluate", "Top-1 and top-5 on labeled pictures, and the pictures whose label a conversion changed.",
    operands: [
      .init("MODEL.swt", "The weight file."),
      .init(
        "DIR|LIST",
        "A folder with a folder of pictures per class, or a file with lines 'picture<TAB>class'. A class is a label of MODEL.swt, or else its number."
      ),
    ],
    options: [
      .value(
        "compute", "TYPE", "Operand type: f32 (default), bf16 or i8; these are compared with f32.",
        of: .words(ComputePrecision.allCases.map(\.rawValue))),
      .value("against", "OTHER.swt", "Also run OTHER in f32: how often is the label the same?", of: .path),
      .optionalValue(
        "html", "PATH", "Write a page with the pictures whose label changed; without PATH, print it.",
        of: .path),
      .value(
        "resume", "FILE", "Keep the answers in FILE; the same command with it does only the rest.", of: .path),
      .value("isa", "NAME", InstructionSet.help, of: .words(InstructionSet.names)),
      .value("threads", "N", "Number of threads (default: one per core)."),
    ],
    examples: [
      .init("pth2swt evaluate model.swt photos/", "Top-1 and top-5 of pictures in photos/CLASS/."),
      .init(
        "pth2swt evaluate small.swt photos/ --against model.swt --html=changed.html",
        "What did f16, i8 or folding cost on these pictures?"),
    ])

  let path: String
  let source: String
  let precision: ComputePrecision
  let against: String?
  let page: PageOutput?
  let resume: String?
  let isa: InstructionSet
  let threads: Int?
  let json: Bool
  let quiet: Bool
  private let progress: ProgressBar.When

  init(_ arguments: Arguments) throws(UsageError) {
    path = arguments.operands[0]
    source = arguments.operands[1]
    let compute = try arguments.choice("compute", ComputePrecision.allCases.map(\.rawValue), default: "f32")
    precision = ComputePrecision(rawValue: compute) ?? .f32
    against = arguments.value("against")
    page = try PageOutput(arguments)
    resume = arguments.value("resume")
    isa = try arguments.isa()
    threads = try arguments.threads()
    json = arguments.has("json")
    quiet = arguments.has("quiet")
    progress = try arguments.progress()
  }

  /// A network, and what is computed with it.
  private struct Entry {
    let path: String
    let model: Model
    let precision: ComputePrecision
    let recipe: PictureInput
  }

  func run(_ console: Console) throws(CommandFailure) -> ExitStatus {
    let inputs = [path, source] + [against].compactMap(\.self)
    try page?.requireOther(than: inputs)
    try OutputFile.requireOther(resume, than: inputs)
    let entries = try entries()
    if !quiet {
      for note in Set(entries.compactMap(\.recipe.assumption)).sorted() {
        console.note("pth2swt: note: \(note)")
      }
    }
    // Where one file has no labels, the other's are its labels too.
    let labels = entries.map(\.model.labels).first { !$0.isEmpty } ?? []
    let classes = ClassNames(count: entries[0].model.architecture.classCount ?? 0, labels: labels)
    let list: PictureList
    do throws(EvaluationFailure) { list = try PictureList(source, classes) } catch {
      throw CommandFailure(error)
    }

    try page?.requireFolder()
    let memory = try resume.map { path throws(CommandFailure) in
      try EvaluationMemory(
        path, identity: entries.map { "\($0.model.identity) \($0.precision.rawValue) \(isa.rawValue)" },
        list.pictures)
    }
    let known = memory?.known ?? Array(repeating: nil, count: list.pictures.count)
    let clock = ContinuousClock()
    let start = clock.now
    let evaluation = try evaluate(entries, list, known, memory, console)
    let document = EvaluationDocument(
      evaluation,
      networks: entries.map { .init(path: $0.path, compute: $0.precision.rawValue, labels: labels) },
      source: source, readNow: known.count { $0 == nil }, seconds: (clock.now - start) / .seconds(1))
    guard !evaluation.items.isEmpty else {
      throw CommandFailure(
        .inputUnreadable, file: evaluation.unreadable.first?.path,
        "none of the \(list.pictures.count) pictures can be read: \(evaluation.unreadable.first?.reason ?? "")"
      )
    }
    try page?.write(EvaluationPage.text(document, entries[0].recipe.preprocessing), console)
    if json {
      console.document(document.json.text(pretty: true) + "\n")
    } else if page?.isAll != true {
      console.write(document.text)
    }
    return .success
  }

  private func entries() throws(CommandFailure) -> [Entry] {
    var entries = [try entry(path, precision)]
    if let against {
      entries.append(try entry(against, .f32))
    } else if precision != .f32 {
      let first = entries[0]
      entries.append(Entry(path: path, model: first.model, precision: .f32, recipe: first.recipe))
    }
    if entries.count > 1 {
      let (one, two) = (entries[0].model, entries[1].model)
      guard one.architecture.classCount == two.architecture.classCount else {
        throw CommandFailure(
          .usage, file: entries[1].path,
          "it has \(two.architecture.classCount ?? 0) classes, \(path) has \(one.architecture.classCount ?? 0)"
        )
      }
      guard one.labels.isEmpty || two.labels.isEmpty || one.labels == two.labels else {
        throw CommandFailure(.usage, file: entries[1].path, "its labels are not those of \(path)")
      }
    }
    return entries
  }

  private func entry(_ path: String, _ precision: ComputePrecision) throws(CommandFailure) -> Entry {
    let model = try OpenFile.model(path)
    guard model.architecture.hasHead else {
      throw CommandFailure(.usage, file: path, "the network has no classifier, so nothing can be counted")
    }
    return Entry(
      path: path, model: model, precision: precision, recipe: try PictureInput(model, file: path))
  }

  private func evaluate(
    _ entries: [Entry], _ list: PictureList, _ known: [Evaluator.Outcome?], _ memory: EvaluationMemory?,
    _ console: Console
  ) throws(CommandFailure) -> Evaluation {
    let pool = ThreadPool(count: threads)
    let count = pool.count
    do {
      let contestants = try entries.map { entry in
        try Contestant(
          entry.model, entry.recipe.preprocessing, precision: entry.precision, instructions: isa,
          threads: pool)
      }
      let evaluator = Evaluator(contestants, list.pictures, known: known)
      let open = known.count { $0 == nil }
      let bar = ProgressBar.style(progress, quiet: quiet, console).map { style in
        ProgressBar(style, console) {
          ProgressBar.State(counting: evaluator.finishedCount, of: open, "pictures")
        }
      }
      defer { bar?.finish() }
      let quiet = quiet
      let outcomes = try evaluator.run(threads: count) { results in
        try memory?.append(results)
        for case (let index, .unreadable(let reason)) in results where !quiet {
          let line = "pth2swt: \(list.pictures[index].path): \(reason)"
          if let bar { bar.above { console.note(line) } } else { console.note(line) }
        }
      }
      return Evaluation(list.pictures, outcomes)
    } catch let failure as CommandFailure {
      throw failure
    } catch let failure as EvaluationFailure {
      throw CommandFailure(failure)
    } catch {
      throw CommandFailure(.weightsDiffer, file: path, "\(error)")
    }
  }
}

extension CommandFailure {
  /// Pictures, labels or a list that cannot be used: exit 5; logits that are not finite: exit 1.
  init(_ failure: EvaluationFailure) {
    self.init(
      failure.isWrongOutput ? .verificationFailed : .inputUnreadable, file: failure.file, failure.message,
      hint: failure.hint)
  }
}
