internal import ResNetArchitecture
internal import SWTBytes

/// Conventions that networks are known to have, as far as they are open, the most plausible first: a common change
/// in two places comes before a rare one in a single place.
struct ConventionCandidates {
  private typealias Change = (inout Architecture) -> Void

  /// In the order in which they are tried.
  private(set) var all: [Architecture] = []
  /// How implausible each of them is: a change in a place costs 3, and 1 more for each commoner change there.
  private var costs: [Int] = []

  init(_ usual: Architecture, open: Set<String>) {
    // Of equally plausible ones, those of the first places come first: stages and epsilon differ more often than
    // stems.
    let places = [
      Self.stages(usual, open), Self.epsilons(open), Self.strideOn(usual, open), Self.pools(open),
      Self.stems(usual, open),
    ]
    add(usual, places, count: 1)
    add(usual, places, count: 2)
    add(usual, places, count: 3)
    all = zip(costs, all.indices).sorted { $0 < $1 }.map { all[$0.1] }
  }

  /// Conventions that differ from these in one place.
  static func neighbors(of start: Architecture, open: Set<String>) -> [Architecture] {
    let changes =
      singleStages(start, open) + epsilons(open) + strideOn(start, open) + pools(open) + stems(start, open)
    return changes.map { start.changed($0) }
  }

  /// These conventions with every epsilon of one digit that is up to ten times as large or as small.
  static func epsilons(near start: Architecture, open: Set<String>) -> [Architecture] {
    guard open.contains("bn_eps"), start.epsilon > 0 else { return [] }
    let decade = Int(Logarithm.base10(start.epsilon).rounded())
    return [decade, decade - 1].flatMap { exponent in
      (1...9).compactMap { digit in
        Double("\(digit)e\(exponent)").map { epsilon in start.changed { $0.epsilon = epsilon } }
      }
    }
  }

  /// Every combination of changes in `count` places.
  private mutating func add(_ start: Architecture, _ places: [[Change]], count: Int) {
    func combine(_ architecture: Architecture, _ places: ArraySlice<[Change]>, _ count: Int, _ cost: Int) {
      guard count > 0 else {
        all.append(architecture)
        costs.append(cost)
        return
      }
      guard all.count < 8192, let first = places.first else { return }
      for (rank, change) in first.enumerated() {
        var changed = architecture
        change(&changed)
        combine(changed, places.dropFirst(), count - 1, cost + 3 + rank)
      }
      combine(architecture, places.dropFirst(), count, cost)
    }
    combine(start, places[...], count, 0)
  }

  private static func stems(_ usual: Architecture, _ open: Set<String>) -> [Change] {
    guard open.contains("stem") else { return [] }
    if usual.stem.isDeep { return [{ $0.stem = .deep(usual.stem.widths, stride: 1) }] }
    let kernel = usual.stem.kernel
    let sizes = [
      (2, kernel / 2), (1, kernel / 2), (1, kernel / 2 + 1), (4, kernel / 2), (2, 0), (1, 0),
      (2, kernel / 2 - 1),
    ]
    return sizes.filter { $0.1 >= 0 }.map { stride, padding in
      // Pooling stays what it is: with the stem it is chosen separately.
      { architecture in
        let pool = architecture.pool
        architecture.stem = .init(kernel: kernel, stride: stride, padding: padding)
        architecture.pool = pool
      }
    }
  }

  private static func pools(_ open: Set<String>) -> [Change] {
    guard open.contains("pool") else { return [] }
    let pools: [Architecture.Pool?] = [
      .max3x3, nil, .init(kernel: 3, stride: 2, padding: 0, ceilMode: true),
      .init(kernel: 2, stride: 2, padding: 0),
      .init(kernel: 3, stride: 2, padding: 0), .init(kernel: 3, stride: 2, padding: 1, ceilMode: true),
      .init(kernel: 3, stride: 1, padding: 1),
    ]
    return pools.map { pool in { $0.pool = pool } } + [
      { $0.antialiasing = .average }, { $0.antialiasing = .blur },
    ]
  }

  private static func stages(_ usual: Architecture, _ open: Set<String>) -> [Change] {
    let count = usual.layers.count
    var changes: [Change] = []
    if open.contains("strides") {
      var last = Array(repeating: 2, count: count)
      (last[0], last[count - 1]) = (1, 1)
      for strides in [last, [1] + Array(repeating: 1, count: count - 1), Array(repeating: 2, count: count)] {
        changes.append { $0.strides = strides }
      }
      if count == 4 {
        for strides in [[1, 1, 2, 2], [1, 2, 1, 1], [1, 2, 1, 2], [1, 1, 1, 2]] {
          changes.append { $0.strides = strides }
        }
      }
    }
    if open.contains("dilations"), open.contains("strides"), count == 4 {
      for dilations in [[1, 1, 1, 2], [1, 1, 2, 4], [1, 1, 2, 2], [1, 1, 1, 4], [1, 1, 2, 1]] {
        changes.append { $0.setDilations(dilations) }
        changes.append {
          $0.setDilations(dilations)
          $0.firstDilations = dilations
        }
      }
    }
    return changes
  }

  /// Each stage except the first with another stride or dilation.
  private static func singleStages(_ start: Architecture, _ open: Set<String>) -> [Change] {
    guard open.contains("strides") else { return [] }
    var forms: [(stride: Int, dilation: Int, first: Int)] = [(2, 1, 1), (1, 1, 1)]
    if open.contains("dilations") { forms += [(1, 2, 1), (1, 2, 2), (1, 4, 2), (1, 4, 4)] }
    var changes: [Change] = []
    for stage in start.layers.indices.dropFirst() {
      for form in forms {
        changes.append { architecture in
          var strides = architecture.strides
          strides[stage] = form.stride
          architecture.dilations[stage] = form.dilation
          architecture.firstDilations[stage] = form.first
          architecture.strides = strides
        }
      }
    }
    return changes
  }

  private static func strideOn(_ usual: Architecture, _ open: Set<String>) -> [Change] {
    guard open.contains("stride_on"), usual.block == .bottleneck else { return [] }
    return [{ $0.strideOn = $0.strideOn == .conv1 ? .conv2 : .conv1 }]
  }

  private static func epsilons(_ open: Set<String>) -> [Change] {
    guard open.contains("bn_eps") else { return [] }
    return [1e-3, 1e-5, 1e-4, 1e-6, 2e-5, 1e-2, 0].map { epsilon in { $0.epsilon = epsilon } }
  }
}

extension Architecture {
  fileprivate func changed(_ change: (inout Architecture) -> Void) -> Architecture {
    var copy = self
    change(&copy)
    return copy
  }
}
