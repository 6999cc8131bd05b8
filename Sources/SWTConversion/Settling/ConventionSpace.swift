package import ResNetArchitecture

/// The open conventions of a network, except epsilon: places that vary independently, each with the values
/// that networks are known to have there.
package struct ConventionSpace {
  /// A value for each place, by index; 0 is the usual one.
  package typealias Choice = [Int]

  /// What varies in a place.
  enum Kind: Hashable {
    case stem, pool, strideOn, finalPool
    /// Stride and dilation of a stage.
    case stage(Int)
  }

  private struct Value {
    /// How rare it is: 0 for the usual one, 1 for those of well-known networks.
    let rarity: Int
    let change: (inout Architecture) -> Void
  }

  private let usual: Architecture
  /// In execution order, so that what is near in order has the first stages in common.
  private let places: [[Value]]
  private let kinds: [Kind]

  /// The conventions that fit the shapes of a network, as far as they are `open`, by their names in reports.
  package init(_ usual: Architecture, open: Set<String>) {
    self.usual = usual
    let all =
      [(Kind.stem, Self.stems(usual, open)), (.pool, Self.pools(usual, open))]
      + [(.strideOn, Self.strideOn(usual, open))]
      + Self.stages(usual, open).enumerated().map { (.stage($0), $1) }
      + [(.finalPool, Self.finalPools(usual, open))]
    let varying = all.filter { $0.1.count > 1 }
    (kinds, places) = (varying.map(\.0), varying.map(\.1))
  }

  /// How many values each place has.
  package var sizes: [Int] { places.map(\.count) }
  /// The choice of the usual values.
  var start: Choice { places.map { _ in 0 } }

  package func architecture(_ choice: Choice) -> Architecture {
    var result = usual
    for (place, value) in choice.enumerated() { places[place][value].change(&result) }
    return result
  }

  /// How rare its values are together.
  func rarity(_ choice: Choice) -> Int {
    choice.indices.reduce(0) { $0 + places[$1][choice[$1]].rarity }
  }

  /// Choices that differ in one place.
  func neighbors(of choice: Choice) -> [Choice] {
    choice.indices.flatMap { place in neighbors(of: choice, at: place) }
  }

  /// The choice with all values in the places of these kinds, as far as these are no rarer together than
  /// `mostRarity`.
  func variants(of choice: Choice, in kinds: Set<Kind>, mostRarity: Int) -> [Choice] {
    var variants = [(choice: choice, rarity: 0)]
    for place in choice.indices where kinds.contains(self.kinds[place]) {
      variants = variants.flatMap { variant in
        places[place].enumerated().map { index, value in
          var choice = variant.choice
          choice[place] = index
          return (choice, variant.rarity + value.rarity)
        }
      }.filter { $0.rarity <= mostRarity }
    }
    return variants.map(\.choice)
  }

  /// Architectures that differ from this one in one place.
  func variants(of architecture: Architecture) -> [Architecture] {
    places.joined().map { value in
      var changed = architecture
      value.change(&changed)
      return changed
    }
  }

  private func neighbors(of choice: Choice, at place: Int) -> [Choice] {
    places[place].indices.filter { $0 != choice[place] }.map { value in
      var changed = choice
      changed[place] = value
      return changed
    }
  }

  /// Choices in the order of their plausibility in parts of their work, in steps from the lowest negative
  /// level on; each level in lexicographic order, in which neighbors have their first stages in common.
  func choices(level: Int) -> [Choice] {
    var found: [Choice] = []
    func extend(_ choice: Choice, _ rest: Int) {
      guard choice.count < places.count else {
        if rest == effort(choice) { found.append(choice) }
        return
      }
      for (index, value) in places[choice.count].enumerated() where value.rarity <= rest - Self.leastEffort {
        extend(choice + [index], rest - value.rarity)
      }
    }
    extend([], level)
    return found
  }

  /// The smallest ``effort(_:)``.
  static let leastEffort = -4

  /// The logarithm to base 4 of the work in parts of the usual network's: a network of four times the work is
  /// tried as late as one that is rarer by 1.
  func effort(_ choice: Choice) -> Int {
    var (ratio, effort) = (architecture(choice).relativeWork / usual.relativeWork, Self.leastEffort)
    ratio *= Double(1 << (-2 * Self.leastEffort))
    while ratio >= 4, effort < 16 { (ratio, effort) = (ratio / 4, effort + 1) }
    return effort
  }

  /// The values of a place, the usual one first.
  private static func place<Setting: Equatable>(
    _ settings: [(Setting, rarity: Int)], usual: Setting,
    _ change: @escaping (Setting, inout Architecture) -> Void
  ) -> [Value] {
    let others = settings.filter { $0.0 != usual && $0.rarity >= 0 }
    return ([(usual, 0)] + others).map { setting, rarity in
      Value(rarity: max(rarity, setting == usual ? 0 : 1)) { change(setting, &$0) }
    }
  }

  private static func stems(_ usual: Architecture, _ open: Set<String>) -> [Value] {
    guard open.contains("stem") else { return [] }
    let stem = usual.stem
    let half = stem.kernel / 2
    func plain(_ stride: Int, _ padding: Int) -> Architecture.Stem {
      .init(kernel: stem.kernel, stride: stride, padding: max(padding, 0))
    }
    let settings: [(Architecture.Stem, rarity: Int)] =
      stem.isDeep
      ? [2, 1].map { (.deep(stem.widths, stride: $0), 1) }
      : [
        (plain(2, half), 1), (plain(1, half), 1), (plain(1, half + 1), 2), (plain(4, half), 3),
        (plain(2, 0), 3), (plain(1, 0), 3), (plain(2, half - 1), 3), (plain(3, half), 4),
      ]
    return place(settings, usual: stem) { stem, architecture in
      // Pooling stays what it is: it is a place of its own.
      let pool = architecture.pool
      architecture.stem = stem
      architecture.pool = pool
    }
  }

  private struct Pooling: Equatable {
    var antialiasing: Architecture.Antialiasing?
    var pool: Architecture.Pool?
  }

  private static func pools(_ usual: Architecture, _ open: Set<String>) -> [Value] {
    guard open.contains("pool") else { return [] }
    let settings: [(Pooling, rarity: Int)] = [
      (Pooling(pool: .max3x3), 1), (Pooling(pool: nil), 1),
      (Pooling(pool: .init(kernel: 3, stride: 2, padding: 0, ceilMode: true)), 1),
      (Pooling(pool: .init(kernel: 2, stride: 2, padding: 0)), 1),
      (Pooling(pool: .init(kernel: 3, stride: 2, padding: 0)), 2),
      (Pooling(pool: .init(kernel: 3, stride: 2, padding: 1, ceilMode: true)), 2),
      (Pooling(antialiasing: .average, pool: .average2x2), 2),
      (Pooling(antialiasing: .blur, pool: .blurred), 2),
      (Pooling(pool: .init(kernel: 3, stride: 1, padding: 1)), 3),
    ]
    let own = Pooling(antialiasing: usual.antialiasing, pool: usual.pool)
    return place(settings, usual: own) { ($1.antialiasing, $1.pool) = ($0.antialiasing, $0.pool) }
  }

  private static func strideOn(_ usual: Architecture, _ open: Set<String>) -> [Value] {
    guard open.contains("stride_on"), usual.block == .bottleneck else { return [] }
    return place([(.conv2, 1), (.conv1, 1)], usual: usual.strideOn) { $1.strideOn = $0 }
  }

  private static func finalPools(_ usual: Architecture, _ open: Set<String>) -> [Value] {
    guard open.contains("final_pool") else { return [] }
    return place([(.average, 2), (.maximum, 2)], usual: usual.finalPool) { $1.finalPool = $0 }
  }

  private struct Stage: Equatable {
    var stride = 1
    var dilation = 1
    var first = 1
  }

  /// Each stage with its strides and dilations.
  private static func stages(_ usual: Architecture, _ open: Set<String>) -> [[Value]] {
    guard open.contains("strides") else { return [] }
    return usual.layers.indices.map { stage in
      var settings: [(Stage, rarity: Int)] = [(Stage(stride: 2), stage > 0 ? 1 : 3), (Stage(), 1)]
      if open.contains("dilations"), stage > 0 {
        settings += [
          (Stage(dilation: 2), 1), (Stage(dilation: 2, first: 2), 1), (Stage(dilation: 4, first: 2), 2),
          (Stage(dilation: 4, first: 4), 2),
        ]
      }
      let own = Stage(
        stride: usual.strides[stage], dilation: usual.dilations[stage], first: usual.firstDilations[stage])
      return place(settings, usual: own) { setting, architecture in
        var strides = architecture.strides
        strides[stage] = setting.stride
        architecture.dilations[stage] = setting.dilation
        architecture.firstDilations[stage] = setting.first
        architecture.strides = strides
      }
    }
  }
}

extension Architecture {
  /// Something proportional to the work for a picture: pixels times weights of each stage.
  fileprivate var relativeWork: Double {
    var side = 1 / Double(stem.stride * (pool.map { $0.isBlurred ? 2 : $0.stride } ?? 1))
    return layers.indices.reduce(0) { sum, stage in
      side /= Double(strides[stage])
      return sum + Double(layers[stage] << (2 * stage)) * side * side
    }
  }
}

extension Architecture {
  /// Names of the open conventions in which another network of the same shapes differs.
  func names(differingFrom other: Architecture) -> Set<String> {
    let differences = [
      ("stem", stem != other.stem), ("pool", pool != other.pool || antialiasing != other.antialiasing),
      ("strides", strides != other.strides), ("stride_on", strideOn != other.strideOn),
      ("dilations", dilations != other.dilations),
      ("first_dilations", firstDilations != other.firstDilations),
    ]
    return Set(differences.filter(\.1).map(\.0))
  }
}
