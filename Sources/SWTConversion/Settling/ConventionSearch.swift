internal import ResNetArchitecture
internal import ResNetEngine
internal import SWTBytes
internal import SWTTensors

/// Looks for the conventions with which a network comes nearest to a golden: the usual ones and those that
/// differ from them in one place; those that BatchNorm's statistics make likely; from the best ones known to
/// better ones; then all, rare ones last; at last from others at random.
struct ConventionSearch {
  private typealias Choice = ConventionSpace.Choice
  private typealias Match = GoldenObservations.Match

  private let space: ConventionSpace
  private let observations: GoldenObservations
  private let runs: CandidateRuns
  /// Whether a network can be tried: its tensors are the file's, and its outputs have the golden's sizes.
  private let fits: (LayerTree) -> Bool
  private let searchesEpsilon: Bool
  private let progress: ConversionProgress?
  /// What statistics make likely, the likeliest first.
  private let likely: (ConventionSpace) throws -> [ConventionSpace.Choice]
  /// Multiply-adds that may be spent.
  private let budget: Int
  private var isSpent: Bool { runs.multiplyAdds >= budget || tried >= Self.mostTried }

  private var known: Set<Choice> = []
  /// Those that are to be varied, the nearest first.
  private var beam: [(choice: Choice, match: Match)] = []
  private var varied: Set<Choice> = []
  /// The smallest errors, sorted.
  private var smallest: [Match] = []
  private var counter: UInt64 = 0
  /// The largest effort that a network is worth.
  private var mostEffort = 1

  /// How many networks were computed.
  private(set) var tried = 0
  /// The nearest conventions.
  private(set) var nearest: Architecture?
  private var nearestMatch = Match(places: 0, error: .infinity, values: [])

  /// How many of the nearest are varied.
  private static let width = 4
  /// Of small networks, planning a run costs more than computing it.
  private static let mostTried = 10_000
  /// Of ``ConventionSpace/choices(level:)``.
  private static let lastLevel = 9
  /// How many likely ones are tried before what is near them.
  private static let likeliest = 32
  /// Of how many of the nearest it is tried whether only epsilon is another, and of which others.
  private static let nearestOnes = 8
  private static let nearError = 0.1
  /// The part of the squared error that another epsilon has to explain: other strides change outputs in
  /// another direction.
  private static let explained = 0.7
  /// Relative errors that are no more than rounding.
  private static let rounding = 1e-4

  init(
    _ usual: Architecture, open: Set<String>, _ observations: GoldenObservations, _ runs: CandidateRuns,
    budget: Int, progress: ConversionProgress?,
    likely: @escaping (ConventionSpace) throws -> [ConventionSpace.Choice],
    fits: @escaping (LayerTree) -> Bool
  ) {
    (self.progress, self.likely) = (progress, likely)
    space = ConventionSpace(usual, open: open)
    (self.observations, self.runs, self.fits, self.budget) = (observations, runs, fits, budget)
    searchesEpsilon = open.contains("bn_eps")
  }

  /// The first architecture near the golden that `accepts` accepts; nil if there is none, or the budget is
  /// spent.
  ///
  /// - Throws: ``InferenceError``, and what `accepts` throws.
  mutating func search(_ accepts: (Architecture) throws -> Bool) throws -> Architecture? {
    if let found = try visit([space.start], accepts) { return found }
    if let found = try vary(space.start, accepts) { return found }
    // Small errors show which differences they consist of.
    if let found = try climb(accepts, below: Self.nearError) { return found }
    if let found = try visitLikely(accepts) { return found }
    for level in ConventionSpace.leastEffort...Self.lastLevel where !isSpent {
      mostEffort = max(1, level)
      if let found = try climb(accepts) { return found }
      if let found = try visit(space.choices(level: level), accepts) { return found }
    }
    let sizes = space.sizes
    while !isSpent, known.count < sizes.reduce(1, *) {
      beam = []
      let place = sizes.map { size in
        counter &+= 1
        return Int(SplitMix64.at(counter) % UInt64(size))
      }
      if let found = try visit([place], accepts) { return found }
      if let found = try climb(accepts) { return found }
    }
    return nil
  }

  /// Names of conventions that could be others in a place, while the network computes the same of pictures of
  /// these sizes.
  func undetermined(_ found: Architecture, sizes: [(height: Int, width: Int)]) -> Set<String> {
    func functions(_ tree: LayerTree, _ factor: Int) -> [FunctionAtSize] {
      sizes.map { FunctionAtSize(tree, height: factor * $0.height + 1, width: factor * $0.width + 1) }
    }
    let tree = LayerTree(found)
    let own = sizes.map { FunctionAtSize(tree, height: $0.height, width: $0.width) }
    let large = functions(tree, 8)
    var names: Set<String> = []
    for alternative in space.variants(of: found) where alternative != found && alternative.isConsistent {
      let other = LayerTree(alternative)
      guard fits(other), sizes.map({ FunctionAtSize(other, height: $0.height, width: $0.width) }) == own,
        functions(other, 8) != large
      else { continue }
      names.formUnion(found.names(differingFrom: alternative))
    }
    return names
  }

  /// Those that BatchNorm's statistics make likely, and better ones near them.
  private mutating func visitLikely(_ accepts: (Architecture) throws -> Bool) throws -> Architecture? {
    guard !isSpent, !observations.showsStages else { return nil }
    let likely = try likely(space)
    let usualEffort = mostEffort
    defer { mostEffort = usualEffort }
    for part in [likely.prefix(Self.likeliest), likely.dropFirst(Self.likeliest)] {
      mostEffort = max(usualEffort, part.prefix(Self.width).map { space.effort($0) + 1 }.max() ?? 0)
      if let found = try visit(Array(part), accepts) { return found }
      if let found = try climb(accepts) { return found }
    }
    return nil
  }

  /// Varies the nearest in one place as long as there are new ones among them, and errors are below a limit.
  private mutating func climb(
    _ accepts: (Architecture) throws -> Bool, below limit: Double = .infinity
  ) throws -> Architecture? {
    while !isSpent, nearestMatch.error < limit,
      let next = beam.first(where: { !varied.contains($0.choice) })
    {
      if let found = try vary(next.choice, accepts) { return found }
    }
    return nil
  }

  private mutating func vary(
    _ choice: Choice, _ accepts: (Architecture) throws -> Bool
  ) throws -> Architecture? {
    varied.insert(choice)
    return try visit(space.neighbors(of: choice), accepts)
  }

  private mutating func visit(
    _ choices: [Choice], _ accepts: (Architecture) throws -> Bool
  ) throws -> Architecture? {
    for choice in choices where !isSpent && space.effort(choice) <= mostEffort {
      guard known.insert(choice).inserted else { continue }
      let architecture = space.architecture(choice)
      guard let match = try match(architecture) else { continue }
      let bare = Match(places: match.places, error: match.error, values: [])
      beam.append((choice, bare))
      beam.sort { $0.match < $1.match }
      beam.removeLast(max(0, beam.count - Self.width))
      if match < nearestMatch { (nearest, nearestMatch) = (architecture, match) }
      let rank = smallest.firstIndex { bare < $0 } ?? smallest.count
      smallest.insert(bare, at: rank)
      smallest.removeLast(max(0, smallest.count - Self.nearestOnes))
      var candidates = match.error <= 10 * Self.rounding ? [architecture] : []
      if searchesEpsilon, rank < Self.nearestOnes || match.error < Self.nearError {
        candidates = try epsilons(architecture, match)
      }
      for candidate in candidates {
        if try accepts(candidate) { return candidate }
      }
    }
    return nil
  }

  /// How near an architecture comes; nil if it cannot be tried.
  private mutating func match(_ architecture: Architecture) throws -> Match? {
    guard architecture.isConsistent else { return nil }
    let tree = LayerTree(architecture)
    guard fits(tree) else { return nil }
    tried += 1
    progress?.tryCandidate()
    return try observations.match(tree, runs)
  }

  /// The architecture with the epsilon that comes nearest, or with a round number that is as near; nothing if
  /// none comes near.
  ///
  /// Outputs are almost linear in epsilon, so a few steps along the line through the last two find it.
  private mutating func epsilons(_ start: Architecture, _ match: Match) throws -> [Architecture] {
    var (last, lastMatch) = (start, match)
    var current = start
    current.epsilon =
      match.error < Self.rounding ? start.epsilon * 2 + 1e-6 : start.epsilon < 1e-4 ? 1e-3 : 1e-5
    var (best, bestMatch) = (last, lastMatch)
    for _ in 0..<10 {
      guard let match = try self.match(current) else { return [] }
      if match < bestMatch { (best, bestMatch) = (current, match) }
      guard let step = observations.step(from: lastMatch, to: match, LayerTree(current)) else { break }
      if step.explained < Self.explained, bestMatch.error > Self.rounding { return [] }
      var next = current
      next.epsilon = last.epsilon + step.length * (current.epsilon - last.epsilon)
      next.epsilon = min(max(next.epsilon, 0), 0.5)
      if abs(next.epsilon - current.epsilon) <= 1e-3 * current.epsilon { break }
      (last, lastMatch, current) = (current, match, next)
    }
    guard bestMatch.error < 10 * Self.rounding else { return [] }
    var candidates: [(architecture: Architecture, match: Match)] = []
    for digits in 1...3 {
      guard let epsilon = Self.rounded(best.epsilon, digits: digits) else { continue }
      var candidate = best
      candidate.epsilon = epsilon
      if let match = try self.match(candidate) { candidates.append((candidate, match)) }
    }
    candidates.append((best, bestMatch))
    let least = candidates.map(\.match.error).min() ?? 0
    return candidates.filter { $0.match.error <= 1.5 * least + 1e-7 }.map(\.architecture)
  }

  private static func rounded(_ value: Double, digits: Int) -> Double? {
    guard value > 0 else { return value }
    let exponent = Int(Logarithm.base10(value).rounded(.down))
    let scale = [1.0, 10, 100][digits - 1]
    let number = (value / Logarithm.power10(exponent) * scale).rounded() / scale
    return Double("\(number)e\(exponent)")
  }
}
