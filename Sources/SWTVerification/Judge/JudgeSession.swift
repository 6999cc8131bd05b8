internal import ResNetArchitecture
internal import ResNetEngine
internal import ResNetModel
internal import SWT
package import SWTBytes
internal import SWTChecksums
internal import SWTDigests
package import SWTGoldens
internal import SWTTensorFiles
internal import SWTThreads

/// Why another engine could not be judged; a wrong engine is a report, not a failure.
package enum JudgeFailure: Error, Sendable {
  /// The model or a golden cannot be used.
  case verification(VerificationFailure)
  /// The engine's outputs cannot be used: the file, what is wrong, what to do.
  case outputs(file: String, String, Remedy)

  /// What the user can do about unusable outputs.
  package enum Remedy: Sendable {
    case none
    /// Say which array is which output.
    case mapNames
    /// Say which golden the outputs belong to.
    case nameGolden
  }
}

/// Options of a judgement.
package struct JudgeOptions: Sendable {
  /// The engine's name.
  package var engine = "the engine"
  /// The network's names of arrays, by the engine's.
  package var map: [ExactString: String] = [:]
  package var layout = OutputLayout.auto
  /// The precision that was meant; nil for float32.
  package var expected: EngineClass?
  /// Seconds for the search for a cause.
  package var budget = 20.0
  /// Paths of golden files; if empty, those in the model file are used.
  package var goldens: [String] = []
  package var threads: Int?
  package var limits = ParseLimits()

  package init() {}
}

/// A model and its goldens, against which engines are judged: three parties, of which the goldens tell the
/// truth.
package struct JudgeSession {
  /// A golden, and the name under which it is reported.
  package struct Entry: Sendable {
    package let name: String
    package let golden: Golden
  }

  /// An engine's outputs, and the golden that they are said to belong to.
  package struct Given: Sendable {
    package let golden: String?
    package let outputs: EngineOutputs

    package init(golden: String?, _ outputs: EngineOutputs) {
      self.golden = golden
      self.outputs = outputs
    }
  }

  /// One per input: goldens with equal inputs are the same test.
  package let goldens: [Entry]
  private let path: String
  private let options: JudgeOptions
  private let file: SWTFile
  private let tree: LayerTree

  /// Opens the model and reads the goldens.
  ///
  /// - Throws: ``VerificationFailure``.
  package init(_ path: String, _ options: JudgeOptions) throws(VerificationFailure) {
    self.path = path
    self.options = options
    do {
      file = try SWTFile(path: path)
    } catch {
      throw .model(file: path, error)
    }
    let model: Model
    do throws(ModelFailure) {
      model = try Model(file)
    } catch {
      throw .network(file: path, "\(error)")
    }
    tree = model.tree
    var verification = VerificationOptions()
    (verification.goldens, verification.limits) = (options.goldens, options.limits)
    let named = try Verifier.goldens(file, model.architecture, path, verification)
    var entries: [Entry] = []
    for (name, golden) in named {
      let twin = entries.firstIndex { entry in
        entry.golden.input.shape == golden.input.shape && entry.golden.input.floats() == golden.input.floats()
      }
      // The golden that states more floors judges better.
      guard let twin else {
        entries.append(Entry(name: name, golden: golden))
        continue
      }
      if entries[twin].golden.floors.free.isEmpty, !golden.floors.free.isEmpty {
        entries[twin] = Entry(name: name, golden: golden)
      }
    }
    goldens = entries
  }

  /// Compares an engine's outputs with the goldens, the model file first.
  ///
  /// - Throws: ``JudgeFailure``.
  package func judge(_ given: [Given]) throws(JudgeFailure) -> VerificationReport {
    let outputs = try assign(given)
    do throws(SWTError) {
      try file.verify(using: SystemDigests())
    } catch {
      throw .verification(.model(file: path, error))
    }
    var report = VerificationReport(
      model: path, architecture: tree.architecture.summary, parameterCount: tree.parameterCount,
      contentID: file.contentID(using: SystemDigests()).map { "swt1:\($0.hex)" },
      engine: options.engine, source: nil, goldens: [])
    let stored = file.isQuantizedNetwork ? nil : StoredPrecision(file, tree)
    report.stored = stored
    var judgement = Judgement(engine: options.engine, expected: options.expected, engineClass: .bitExact)
    let budget = SearchBudget(seconds: options.budget)
    do {
      let judged = goldens.enumerated().filter { outputs[$0.offset] != nil }.map(\.element)
      var verification = VerificationOptions()
      verification.threads = options.threads
      let digests = WeightDigests(file, StatedTransforms(file, tree), proven: nil)
      let quantized = file.isQuantizedNetwork ? try QuantizedRun(Model(file), verification) : nil
      let model = try modelCheck(judged.map(\.golden), verification, quantized, stored, digests, budget)
      let check = EngineCheck(
        tree: tree, weights: SWTWeights(file), threads: ThreadPool(count: options.threads), options: options,
        budget: budget, quantized: quantized)
      for (number, entry) in goldens.enumerated() {
        guard let given = outputs[number] else {
          judgement.unjudged.append(entry.name)
          continue
        }
        let own = try model(entry)
        report.goldens.append(try check.run(entry.name, entry.golden, given, own, &judgement))
      }
    } catch let failure as JudgeFailure {
      throw failure
    } catch {
      throw .verification(.network(file: path, "\(error)"))
    }
    report.judgement = judgement
    return report
  }

  /// How the model file itself compares with a golden.
  private func modelCheck(
    _ goldens: [Golden], _ options: VerificationOptions, _ quantized: QuantizedRun?,
    _ stored: StoredPrecision?, _ digests: WeightDigests, _ budget: SearchBudget
  ) throws -> (Entry) throws -> GoldenReport {
    if let quantized {
      return { entry in try quantized.check(entry.name, entry.golden, digests) }
    }
    let run = try ForwardRun(
      SWTWeights(file), tree, goldens, options, stored: stored, budget: budget)
    return { entry in try run.check(entry.name, entry.golden, digests) }
  }

  // MARK: Which outputs belong to which golden

  /// The outputs of each golden, by its place.
  private func assign(_ given: [Given]) throws(JudgeFailure) -> [Int: EngineOutputs] {
    var assigned: [Int: EngineOutputs] = [:]
    for item in given {
      guard let place = try place(of: item, given.count, taken: Set(assigned.keys)) else {
        let names = goldens.map(\.name).joined(separator: ", ")
        throw .outputs(
          file: item.outputs.path, "it does not tell to which golden it belongs; there are \(names)",
          .nameGolden)
      }
      guard assigned.updateValue(item.outputs, forKey: place) == nil else {
        throw .outputs(
          file: item.outputs.path, "there are already outputs for the golden \(goldens[place].name)",
          .nameGolden)
      }
    }
    guard !assigned.isEmpty else { throw .outputs(file: path, "there are no outputs", .none) }
    return assigned
  }

  private func place(
    of item: Given, _ count: Int, taken: Set<Int>
  ) throws(JudgeFailure) -> Int? {
    if let name = item.golden {
      if let place = goldens.firstIndex(where: { $0.name == name }) { return place }
      let names = goldens.map(\.name).joined(separator: ", ")
      throw .outputs(file: item.outputs.path, "there is no golden \(name); there are \(names)", .nameGolden)
    }
    if let place = try placeByInput(item.outputs) { return place }
    if let place = goldens.firstIndex(where: { $0.name == item.outputs.name }) { return place }
    if goldens.count == 1 { return 0 }
    // Only one golden's output may have this shape.
    let fitting = goldens.indices.filter { place in
      !taken.contains(place) && fits(item.outputs, goldens[place].golden)
    }
    return fitting.count == 1 ? fitting[0] : nil
  }

  /// The golden whose input is among the arrays.
  private func placeByInput(_ outputs: EngineOutputs) throws(JudgeFailure) -> Int? {
    let names = OutputNames(outputs.arrays.map(\.name), tree, map: options.map)
    for array in outputs.arrays where names.inputs.contains(array.name) {
      guard let values = try? array.data.floats() else { continue }
      if let place = goldens.firstIndex(where: { entry in
        let input = entry.golden.input
        guard input.elementCount == values.count else { return false }
        let floats = input.floats()
        return floats == values || Self.pixels(floats, input.shape) == values
      }) {
        return place
      }
      throw .outputs(file: outputs.path, "its array \(array.name) is the input of no golden", .nameGolden)
    }
    return nil
  }

  /// The values with channels last.
  private static func pixels(_ values: [Float], _ shape: [Int]) -> [Float] {
    let (n, c, area) = (shape[0], shape[1], shape[2] * shape[3])
    var result: [Float] = []
    result.reserveCapacity(values.count)
    for image in 0..<n {
      for pixel in 0..<area {
        for channel in 0..<c { result.append(values[(image * c + channel) * area + pixel]) }
      }
    }
    return result
  }

  private func fits(_ outputs: EngineOutputs, _ golden: Golden) -> Bool {
    guard let aligned = try? AlignedOutputs(outputs, of: golden, map: options.map, layout: options.layout)
    else { return false }
    return aligned.misfits.isEmpty && aligned.layer(golden.output.name) != nil
  }
}
