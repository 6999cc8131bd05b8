internal import ResNetEngine
internal import SWTImages
internal import SWTThreads
internal import Synchronization

/// Shows labeled pictures to one or two networks.
///
/// Each thread takes the next few pictures, decodes and prepares them, and computes them as one batch with an
/// engine of its own: while one thread decodes, others compute, and no thread waits for another. The answers do
/// not depend on the number of threads.
package final class Evaluator: Sendable {
  /// The result for a picture.
  package enum Outcome: Equatable, Sendable {
    /// One per network.
    case answers([Answer])
    /// Why the picture cannot be read.
    case unreadable(String)
  }

  private let contestants: [Contestant]
  private let pictures: [LabeledPicture]
  private let outcomes: Mutex<[Outcome?]>
  private let finished = Atomic(0)

  /// Pictures that a thread computes together: of so many the engine reads the weights of late stages once.
  private static let batch = 8

  /// - Parameters:
  ///   - contestants: The networks.
  ///   - pictures: What to show them.
  ///   - known: Outcomes of an earlier run, one per picture; nil for those to do.
  package init(_ contestants: [Contestant], _ pictures: [LabeledPicture], known: [Outcome?]) {
    self.contestants = contestants
    self.pictures = pictures
    outcomes = Mutex(known)
  }

  /// Pictures done in this run.
  package var finishedCount: Int { finished.load(ordering: .relaxed) }

  /// Shows the pictures that are not known yet; calls `report` after each batch, one call at a time.
  ///
  /// - Parameters:
  ///   - threads: Number of threads.
  ///   - report: Gets indexes of pictures and their outcomes.
  /// - Returns: The outcome of each picture.
  /// - Throws: ``EvaluationFailure`` for logits that are not finite, errors of the engine, what `report` throws.
  package func run(
    threads: Int, _ report: @escaping @Sendable ([(Int, Outcome)]) throws -> Void
  ) throws -> [Outcome] {
    let open = outcomes.withLock { known in pictures.indices.filter { known[$0] == nil } }
    let next = Atomic(0)
    let turn = Mutex(())
    // At the end of a list, smaller batches keep all threads busy.
    let batch = max(1, min(Self.batch, open.count / max(1, threads)))
    try ParallelWork.run(count: min(threads, max(1, open.count)), threads: threads) { [self] _ in
      let engines = contestants.map { $0.engine() }
      while true {
        let start = next.wrappingAdd(batch, ordering: .relaxed).oldValue
        guard start < open.count else { return }
        let indexes = Array(open[start..<min(start + batch, open.count)])
        let results = Array(zip(indexes, try outcomes(of: indexes, engines)))
        outcomes.withLock { known in for (index, outcome) in results { known[index] = outcome } }
        finished.add(results.count, ordering: .relaxed)
        try turn.withLock { _ in try report(results) }
      }
    }
    return outcomes.withLock { $0.map { $0 ?? .unreadable("not read") } }
  }

  private func outcomes(of indexes: [Int], _ engines: [FastEngine]) throws -> [Outcome] {
    var results = [Outcome](repeating: .answers([]), count: indexes.count)
    // The inputs of each network, of the pictures that can be read.
    var inputs = [[Float]](repeating: [], count: contestants.count)
    var readable: [Int] = []
    for (place, index) in indexes.enumerated() {
      do throws(ImageFailure) {
        let prepared = try prepared(pictures[index].path)
        for (number, values) in prepared.enumerated() { inputs[number] += values }
        readable.append(place)
      } catch {
        results[place] = .unreadable("\(error)")
      }
    }
    guard !readable.isEmpty else { return results }
    var answers = [[Answer]](repeating: [], count: readable.count)
    for (number, engine) in engines.enumerated() {
      let side = contestants[number].preprocessing.crop
      let map = FeatureMap(shape: [readable.count, 3, side, side], values: inputs[number])
      let logits = try engine.run(map).output.values
      let width = logits.count / readable.count
      for row in readable.indices {
        guard let answer = Answer(logits[row * width..<(row + 1) * width]) else {
          throw EvaluationFailure(
            pictures[indexes[readable[row]]].path, "the logits of this picture are not finite",
            isWrongOutput: true)
        }
        answers[row].append(answer)
      }
    }
    for (row, place) in readable.enumerated() { results[place] = .answers(answers[row]) }
    return results
  }

  /// The input of each network.
  private func prepared(_ path: String) throws(ImageFailure) -> [[Float]] {
    let image = try PictureFile(path).decoded()
    var inputs: [[Float]] = []
    for contestant in contestants {
      let isSame = contestant.preprocessing == contestants[0].preprocessing
      inputs.append(
        isSame && !inputs.isEmpty ? inputs[0] : try contestant.preprocessing.input(of: image))
    }
    return inputs
  }
}
