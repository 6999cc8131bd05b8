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

  /// How many candidates are tried at most: each is a forward pass.
  private let limit: Int

  init(_ network: NetworkStateDict, _ file: PthFile, threads: Int, limit: Int) {
    (self.network, self.file, self.limit) = (network, file, limit)
    // Waking threads costs more than a small network computes.
    self.threads = ThreadPool(count: network.tree.parameterCount > 2_000_000 ? threads : 1)
  }

  /// The first candidate with which all goldens pass, the usual one first; nil if there is none.
  ///
  /// - Throws: ``ParseFailure`` if weights cannot be read.
  mutating func settle(_ goldens: [Golden]) throws -> Result? {
    guard let first = goldens.first else { return nil }
    let weights = try weights()
    let open = Set(network.reading.conventions.assumed.map(\.name))
    let usual = network.tree.architecture
    let stated = goldens.map(\.architecture).filter { $0.hasSameShapes(as: usual) }
      .map { usual.taking(open, from: $0) }
    var known: Set<Architecture> = []
    if let result = try pass([usual] + stated, first.name, goldens, weights, &known) { return result }
    // Of other weights nothing can be learned.
    guard try haveWeights(goldens) else { return nil }
    // The most plausible first; then from the nearest of them to better ones, because each convention that is
    // right makes the error smaller.
    let plausible = ConventionCandidates(usual, open: open).all
    for share in [4, 1] {
      let result = try pass(plausible, first.name, goldens, weights, &known, upTo: limit / share)
      if let result { return result }
      if let result = try climb(open, first.name, goldens, weights, &known) { return result }
    }
    return nil
  }

  /// Goes from the nearest candidate to its best neighbor as long as that is nearer.
  private mutating func climb(
    _ open: Set<String>, _ name: String, _ goldens: [Golden], _ weights: WeightTable,
    _ known: inout Set<Architecture>
  ) throws -> Result? {
    while let start = nearestCandidate, tried < limit {
      let before = nearest
      let neighbors = ConventionCandidates.neighbors(of: start, open: open)
      if let result = try pass(neighbors, name, goldens, weights, &known) { return result }
      if nearest < before { continue }
      let epsilons = ConventionCandidates.epsilons(near: start, open: open)
      if let result = try pass(epsilons, name, goldens, weights, &known) { return result }
      if nearest >= before { return nil }
    }
    return nil
  }

  /// The first of the candidates with which all goldens pass.
  private mutating func pass(
    _ candidates: [Architecture], _ name: String, _ goldens: [Golden], _ weights: WeightTable,
    _ known: inout Set<Architecture>, upTo most: Int? = nil
  ) throws -> Result? {
    for architecture in candidates where tried < most ?? limit {
      guard architecture.isConsistent, known.insert(architecture).inserted else { continue }
      let tree = LayerTree(architecture)
      // A stride of the first stage, for example, needs a shortcut with weights.
      guard tree.parameters == network.tree.parameters, goldens.allSatisfy({ Self.fits(tree, $0) }) else {
        continue
      }
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
      if passes { return Result(golden: name, architecture: architecture) }
    }
    return nil
  }

  /// Why no candidate passes.
  func failure(_ goldens: [Golden]) -> String {
    let distance = nearest.isFinite ? "; the nearest is \(Int(min(nearest, 1e15))) floors off" : ""
    let names = goldens.map(\.name).joined(separator: ", ")
    return "golden \(names) passes with none of the \(tried) conventions that fit the shapes\(distance)"
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
        let digest = SystemDigests().makeSHA256()
        digest.update(try file.bytes(of: entry))
        if digest.finalize() != expected { return false }
      }
    }
    return true
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
    var shape = golden.input.shape
    let count = shape[0]
    shape[0] = min(items ?? count, count)
    let values = golden.input.floats().prefix(shape.reduce(1, *))
    let input = FeatureMap<Float>(shape: shape, values: Array(values))
    let output = try engine.run(input, taps: []).output
    let reference = golden.output.reference.prefix(golden.output.reference.count / count * shape[0])
    guard output.values.count == reference.count else { return .infinity }
    var (error, norm) = (0.0, 0.0)
    for (value, expected) in zip(output.values, reference) {
      error += (Double(value) - expected) * (Double(value) - expected)
      norm += expected * expected
    }
    // Of goldens without floors, half of what verification accepts.
    let usual = tree.convolutions.count <= 53 ? 6.25e-6 : 2.5e-5
    let floor = max(golden.floors.free[golden.output.name]?.relL2 ?? usual, 0x1p-24)
    let distance = (error / max(norm, 1e-300)).squareRoot() / floor
    return distance.isFinite ? distance : .infinity
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
