internal import PthReader
internal import ResNetArchitecture
internal import ResNetEngine
internal import SWTBytes
internal import SWTChecksums
internal import SWTDigests
internal import SWTGoldens
internal import SWTThreads

/// Settles by goldens what a checkpoint leaves open: of the conventions that fit the shapes, those with which
/// every golden passes.
struct GoldenSettlement {
  /// The conventions that pass, and the name of the first golden.
  struct Result {
    let golden: String
    let architecture: Architecture
    /// Names of conventions of which it passes with others too.
    let undetermined: Set<String>
  }

  private let network: NetworkStateDict
  private let file: PthFile
  private let threads: ThreadPool
  /// The smallest error in floors that a candidate reached, for the failure.
  private(set) var nearest = Double.infinity
  /// The candidate that reached it.
  private var nearestCandidate: Architecture?
  /// How many candidates were tried.
  private(set) var tried = 0

  /// Multiply-adds that the search may spend.
  private let budget: Int
  private let progress: ConversionProgress?

  init(
    _ network: NetworkStateDict, _ file: PthFile, threads: Int, budget: Int, progress: ConversionProgress?
  ) {
    (self.network, self.file, self.budget, self.progress) = (network, file, budget, progress)
    // Waking threads costs more than a small network computes.
    self.threads = ThreadPool(count: network.tree.parameterCount > 2_000_000 ? threads : 1)
  }

  /// The first candidate with which all goldens pass, the usual one first; nil if there is none.
  ///
  /// - Throws: ``ParseFailure`` if weights cannot be read; ``ConversionFailure`` if they are not finite.
  mutating func settle(_ goldens: [Golden]) throws -> Result? {
    guard let first = goldens.first else { return nil }
    let weights = try weights()
    let conventions = network.reading.conventions
    var open = Set(conventions.assumed.map(\.name))
    if case .family = conventions.finalPool.witness, conventions.finalPool.value != nil {
      open.insert("final_pool")
    }
    let usual = network.tree.architecture
    let stated = goldens.map(\.architecture).filter { $0.hasSameShapes(as: usual) }
      .map { usual.taking(open, from: $0) }
    var known: Set<Architecture> = []
    let observations = GoldenObservations(first)
    var search = ConventionSearch(
      usual, open: open, observations, CandidateRuns(weights, observations.input, threads: threads),
      budget: budget, progress: progress,
      likely: { [network, threads] space in
        let pictures = FeatureMap(shape: first.input.shape, values: first.input.floats())
        return try LikelyConventions(space, weights, pictures, threads: threads) {
          $0.parameters == network.tree.parameters
        }.ranked()
      },
      fits: { [network] in Self.fits($0, network, goldens) })
    func result(_ architecture: Architecture) -> Result {
      let sizes = goldens.map { ($0.input.shape[2], $0.input.shape[3]) }
      return Result(
        golden: first.name, architecture: architecture,
        undetermined: search.undetermined(architecture, sizes: sizes))
    }
    if let found = try pass([usual] + stated, goldens, weights, &known) { return result(found) }
    try requireFinite(weights)
    // Of other weights nothing can be learned.
    guard try haveWeights(goldens) else { return nil }
    let found = try search.search { candidate in
      try pass([candidate], goldens, weights, &known) != nil
    }
    if let found { return result(found) }
    tried = search.tried
    if let found = try search.nearest.flatMap({ try pass([$0], goldens, weights, &known) }) {
      return result(found)
    }
    return nil
  }

  /// The first of the candidates with which all goldens pass.
  private mutating func pass(
    _ candidates: [Architecture], _ goldens: [Golden], _ weights: WeightTable,
    _ known: inout Set<Architecture>
  ) throws -> Architecture? {
    for architecture in candidates {
      guard architecture.isConsistent, known.insert(architecture).inserted else { continue }
      let tree = LayerTree(architecture)
      guard Self.fits(tree, network, goldens) else { continue }
      tried += 1
      var passes = true
      for golden in goldens where passes {
        // One picture of several tells wrong conventions apart as well, and costs a part.
        var distance = 0.0
        if golden.input.shape[0] > 1 { distance = try self.distance(tree, golden, weights, items: 1) }
        if distance <= 100 * golden.k { distance = try self.distance(tree, golden, weights) }
        if distance < nearest { (nearest, nearestCandidate) = (distance, architecture) }
        passes = distance <= golden.k
      }
      if passes { return architecture }
    }
    return nil
  }

  /// Why no candidate passes.
  func failure(_ goldens: [Golden]) -> String {
    var distance = ""
    if let nearestCandidate, nearest.isFinite {
      distance = "; the nearest, \(nearestCandidate.name), is \(Int(min(nearest, 1e15))) floors off"
    }
    let names = goldens.map(\.name).joined(separator: ", ")
    return "golden \(names) passes with none of the \(tried) conventions that fit the shapes\(distance)"
  }

  /// The usual and the nearest candidate, for a diagnosis, if goldens can be theirs; `read` reads the goldens
  /// as those of an architecture, unless they state one.
  ///
  /// - Throws: ``ParseFailure`` if weights cannot be read.
  func unsettled(_ read: (Architecture) throws(GoldenReadFailure) -> [Golden]) throws -> UnsettledNetwork? {
    let usual = network.tree.architecture
    let candidates = [usual, nearestCandidate ?? usual].compactMap {
      architecture -> UnsettledNetwork.Candidate? in
      // Outputs of stages have other sizes with other strides.
      guard let goldens = try? read(architecture) else { return nil }
      // A golden that states conventions is to be explained with these.
      let stated = goldens.map(\.architecture).first { !$0.isSameNetwork(as: architecture) }
      return UnsettledNetwork.Candidate(tree: LayerTree(stated ?? architecture), goldens: goldens)
    }
    guard let first = candidates.first else { return nil }
    var digests: [String: SHA256Digest] = [:]
    if candidates.contains(where: { $0.goldens.contains { !$0.digests.isEmpty } }) {
      for (parameter, entry) in network.tensors { digests[parameter.name] = try self.digest(of: entry) }
    }
    return UnsettledNetwork(
      candidates: candidates.last?.tree == first.tree ? [first] : candidates,
      weights: try weights(), digests: digests, threads: threads.count)
  }

  /// Whether the goldens were made with the file's weights, by the digests that they record; one that records
  /// none is taken to be.
  ///
  /// - Throws: ``ParseFailure`` if weights cannot be read.
  func haveWeights(_ goldens: [Golden]) throws -> Bool {
    for golden in goldens {
      guard !golden.digests.isEmpty else { continue }
      for (parameter, entry) in network.tensors where parameter.role != .batchCount {
        guard let expected = golden.digests[parameter.name] else { return false }
        if try digest(of: entry) != expected { return false }
      }
    }
    return true
  }

  private func digest(of entry: TensorEntry) throws -> SHA256Digest {
    let digest = SystemDigests().makeSHA256()
    digest.update(try file.bytes(of: entry))
    return digest.finalize()
  }

  /// Whether a network has the file's tensors, and outputs of the goldens' sizes.
  private static func fits(_ tree: LayerTree, _ network: NetworkStateDict, _ goldens: [Golden]) -> Bool {
    // A stride of the first stage, for example, needs a shortcut with weights.
    tree.parameters == network.tree.parameters && goldens.allSatisfy { fits(tree, $0) }
  }

  /// Whether the sizes of outputs and taps are those that the golden records.
  private static func fits(_ tree: LayerTree, _ golden: Golden) -> Bool {
    let (height, width) = (golden.input.shape[2], golden.input.shape[3])
    guard golden.input.shape[1] == tree.stem.inputChannels, tree.accepts(imageSize: height),
      tree.accepts(imageSize: width)
    else { return false }
    let (rows, columns) = (tree.outputSizes(imageSize: height), tree.outputSizes(imageSize: width))
    for (index, name) in tree.tapNames.enumerated() {
      guard let tap = golden.tap(name), tap.shape.count == 4 else { continue }
      if tap.shape[2] != rows[index] || tap.shape[3] != columns[index] { return false }
    }
    if golden.output.shape.count == 4, let last = rows.last, let column = columns.last {
      return golden.output.shape[2] == last && golden.output.shape[3] == column
    }
    return true
  }

  /// The error of the output in noise floors, of all pictures or the first ones.
  private func distance(
    _ tree: LayerTree, _ golden: Golden, _ weights: WeightTable, items: Int? = nil
  ) throws -> Double {
    let (height, width) = (golden.input.shape[2], golden.input.shape[3])
    let network = try PackedNetwork(
      tree, weights: weights, threads: threads, winograd: false, height: height, width: width)
    let engine = FastEngine(network, height: height, width: width, threads: threads)
    let count = golden.input.shape[0]
    let input = FeatureMap(shape: golden.input.shape, values: golden.input.floats()).first(items ?? count)
    let output = try engine.run(input, taps: []).output
    let reference = golden.output.reference.prefix(golden.output.reference.count / count * input.shape[0])
    // Of goldens without floors, half of what verification accepts.
    let usual = tree.convolutions.count <= 53 ? 6.25e-6 : 2.5e-5
    let floor = max(golden.floors.free[golden.output.name]?.relL2 ?? usual, 0x1p-24)
    return GoldenObservations.relativeError(output.values, reference) / floor
  }

  /// With a weight that is not finite, no golden passes whatever the conventions are.
  private func requireFinite(_ weights: WeightTable) throws {
    for (parameter, entry) in network.tensors {
      guard let place = weights.tensors[parameter.name]?.firstIndex(where: { !$0.isFinite }) else { continue }
      throw ConversionFailure.architecture(
        "element \(place) of \(entry.name) is not finite, so no golden can settle what is open")
    }
  }

  private func weights() throws -> WeightTable {
    var table = WeightTable()
    for (parameter, entry) in network.tensors where parameter.role != .batchCount {
      table.tensors[parameter.name] = ContiguousArray(try file.floats(of: entry))
    }
    return table
  }
}

extension Architecture {
  /// This network with the conventions of another that are open.
  fileprivate func taking(_ open: Set<String>, from other: Architecture) -> Architecture {
    var result = self
    if open.contains("stem") { result.stem = other.stem }
    if open.contains("pool") { (result.antialiasing, result.pool) = (other.antialiasing, other.pool) }
    if open.contains("stride_on") { result.strideOn = other.strideOn }
    if open.contains("dilations") {
      (result.dilations, result.firstDilations) = (other.dilations, other.firstDilations)
    }
    if open.contains("strides") { result.strides = other.strides }
    if open.contains("bn_eps") { (result.epsilon, result.epsilons) = (other.epsilon, other.epsilons) }
    return result
  }
}
