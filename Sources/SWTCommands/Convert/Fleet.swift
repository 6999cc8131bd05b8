internal import PthReader
internal import ResNetArchitecture
internal import SWTBytes
internal import SWTConsole
internal import SWTConversion
internal import SWTTensorFiles
internal import SWTThreads
internal import Synchronization

/// Converts several inputs, some concurrently.
///
/// Inputs are independent: a failure is reported and the others continue. Outputs that are up to date are
/// skipped, so the same command resumes an interrupted run.
final class Fleet: Sendable {
  /// The result for one input.
  enum Outcome: Sendable {
    case converted(ConversionSummary, seconds: Double)
    case upToDate(ConversionSummary, seconds: Double)
    case failed(CommandFailure)
    /// Another network than those that are known, with the reason, if these may be skipped.
    case skipped(String)
    /// It would be converted.
    case planned(ConversionSummary)
  }

  private let items: [FleetPlan.Item]
  /// The folder of the outputs.
  private let folder: String
  /// Files that no output may replace.
  private let inputs: Set<FileIdentity>
  private let options: ConversionOptions
  private let skipsUnknown: Bool
  private let isDryRun: Bool
  private let outcomes: Mutex<[Int: Outcome]>
  /// Progress of the inputs that are being converted.
  private let active = Mutex<[Int: ConversionProgress]>([:])

  init(
    _ plan: FleetPlan, _ options: ConversionOptions, otherInputs: [String], skipsUnknown: Bool = false,
    isDryRun: Bool = false
  ) {
    items = plan.items
    (self.skipsUnknown, self.isDryRun) = (skipsUnknown, isDryRun)
    folder = plan.folder
    inputs = Set(
      (plan.items.flatMap { CheckpointFolder($0.input)?.paths ?? [$0.input] } + otherInputs).compactMap {
        FileIdentity($0)
      })
    // The names of the outputs come from the inputs' folders.
    var options = options
    options.followsLinks = false
    self.options = options
    outcomes = Mutex([:])
  }

  /// Converts all inputs; calls `report` as each is done, one call at a time.
  ///
  /// The largest come first, so that no thread waits long at the end; threads without a file of their own
  /// help with the others'.
  func run(_ report: @escaping @Sendable (FleetPlan.Item, Outcome) -> Void) {
    let order = items.indices.sorted { (items[$1].byteCount, $0) < (items[$0].byteCount, $1) }
    let count = items.count
    let threads = options.threads
    let reports = Mutex(())
    let turn: @Sendable (Int) throws -> Void = { [self] place in
      let index = order[place]
      var options = options
      options.threads = max(1, threads / min(threads, count - place))
      let outcome = convert(index, options)
      outcomes.withLock { $0[index] = outcome }
      reports.withLock { _ in report(items[index], outcome) }
    }
    // `turn` never throws.
    try? ParallelWork.run(count: count, threads: min(threads, count), turn)
  }

  private func convert(_ index: Int, _ options: ConversionOptions) -> Outcome {
    let item = items[index]
    let progress = ConversionProgress()
    active.withLock { $0[index] = progress }
    defer { active.withLock { _ = $0.removeValue(forKey: index) } }
    let clock = ContinuousClock()
    let start = clock.now
    if let refusal = item.refusal { return .failed(refusal) }
    do throws(CommandFailure) {
      try requireOwn(item.output)
    } catch {
      return .failed(error)
    }
    do throws(ConversionFailure) {
      let summary =
        isDryRun
        ? try Converter.plan(item.input, to: item.output, options)
        : try Converter.convert(item.input, to: item.output, options, progress: progress)
      let seconds = (clock.now - start) / .seconds(1)
      if summary.wasUpToDate { return .upToDate(summary, seconds: seconds) }
      return isDryRun ? .planned(summary) : .converted(summary, seconds: seconds)
    } catch {
      if skipsUnknown, error.reading?.isUnknownNetwork == true { return .skipped(error.message) }
      return .failed(.diagnosed(error))
    }
  }

  /// Checks that an output replaces no input, and that no link leads out of the output folder.
  private func requireOwn(_ output: String) throws(CommandFailure) {
    if let identity = FileIdentity(output), inputs.contains(identity) {
      throw CommandFailure(
        .outputFailed, file: output, "the output would replace an input", hint: "name another folder")
    }
    if let link = Folder.link(above: output, below: folder) {
      throw CommandFailure(
        .outputFailed, file: output, "\(link) is a symbolic link, which may lead out of the output folder",
        hint: "remove the link")
    }
  }

  /// Results so far, in the order of the inputs.
  var results: [(item: FleetPlan.Item, outcome: Outcome)] {
    let outcomes = outcomes.withLock { $0 }
    return items.indices.compactMap { index in outcomes[index].map { (items[index], $0) } }
  }

  /// The highest exit status of all inputs.
  var status: ExitStatus {
    results.reduce(.success) { status, result in
      if case .failed(let failure) = result.outcome { max(status, failure.status) } else { status }
    }
  }

  /// For the progress bar: input bytes of the finished files plus the finished fraction of the active ones.
  var progress: ProgressBar.State {
    let finished = outcomes.withLock { Set($0.keys) }
    let total = items.reduce(0) { $0 + $1.byteCount }
    var done = Double(finished.reduce(0) { $0 + items[$1].byteCount })
    for (index, progress) in active.withLock({ $0 }) where !finished.contains(index) {
      done += progress.fraction * Double(items[index].byteCount)
    }
    let note = items.count > 1 ? "\(finished.count) of \(items.count) files" : ""
    return ProgressBar.State(
      fraction: total > 0 ? done / Double(total) : 0, done: Int(done), total: total, note: note)
  }
}
