internal import SWT
package import SWTBytes
package import SWTInputs
internal import SWTThreads
internal import Synchronization

/// Two weight files or checkpoints, tensor by tensor.
package struct FileDifference: Sendable {
  /// What is known of one pair of tensors.
  package struct Pair: Sendable {
    /// How alike two tensors are.
    package enum Verdict: String, Sendable {
      /// The same type, shape and bytes.
      case identical
      /// Equal numbers in other types, or zeros of other signs.
      case equal
      /// Other numbers.
      case values
      /// Other shapes, so that no values are compared.
      case shape
    }

    /// The tensor's name in both files.
    package let name: String
    /// PyTorch's names.
    package let dtypes: [String]
    /// Both shapes, the first file's first.
    package let shapes: [[Int]]
    /// How alike they are.
    package internal(set) var verdict: Verdict
    /// Largest `|a − b|`; nil where the elements are no numbers. NaN against a number is infinite.
    package internal(set) var maxError: Double?
    /// `‖a − b‖₂ / ‖a‖₂`.
    package internal(set) var relL2: Double?
    /// Flat index of the largest error.
    package internal(set) var worst: Int?
    /// Elements with other values.
    package internal(set) var differing = 0
    /// Elements that were compared.
    package internal(set) var elements = 0
    /// Bits that are not the same; nil where the types or shapes are not.
    package internal(set) var bits: Int?
    /// Differing elements of which one side or both are not finite.
    package internal(set) var notFinite = 0
    /// How many finite differences there are of each size, by powers of two, the smallest first.
    package internal(set) var histogram: [Bin] = []
  }

  /// The elements with `2^exponent ≤ |a − b| < 2^(exponent + 1)`.
  package struct Bin: Equatable, Sendable {
    /// The power of two at which the bin begins.
    package let exponent: Int
    /// How many elements lie in it.
    package let count: Int
  }

  /// In the order of the first file.
  package private(set) var pairs: [Pair] = []
  /// A tensor that only one file has.
  package struct Lone: Sendable {
    /// The tensor's name.
    package let name: String
    /// PyTorch's name of its type.
    package let dtype: String
    /// Its shape.
    package let shape: [Int]
  }

  /// What only the first file has.
  package private(set) var onlyInFirst: [Lone] = []
  /// What only the second file has.
  package private(set) var onlyInSecond: [Lone] = []
  /// Names that only the first file has.
  package var missing: [String] { onlyInFirst.map(\.name) }
  /// Names that only the second file has.
  package var extra: [String] { onlyInSecond.map(\.name) }
  /// How many tensors of golden tests each file embeds, of which nothing was compared, since the other has none.
  package private(set) var goldensLeftOut = [0, 0]
  /// Whose names were translated to torchvision's, so that they meet the other's: 0, 1, or nobody's.
  package private(set) var translated: [Int] = []

  /// True when both have the same tensors with the same values, whatever their types.
  package var isEmpty: Bool {
    onlyInFirst.isEmpty && onlyInSecond.isEmpty
      && !pairs.contains { $0.verdict == .values || $0.verdict == .shape }
  }

  /// Compares all tensors of two files.
  ///
  /// Names are compared as they are. Where they do not meet, a checkpoint's network is compared under torchvision's
  /// names.
  ///
  /// - Parameters:
  ///   - first: A checkpoint or a weight file.
  ///   - second: Another.
  ///   - limits: What the files may ask for.
  ///   - threads: How many pairs are compared at once; nothing else depends on it.
  /// - Throws: ``InputFailure`` when a file cannot be read.
  package init(
    _ first: String, _ second: String, limits: ParseLimits = ParseLimits(), threads: Int = 1
  ) throws(InputFailure) {
    let files = [try TensorFile(first, limits: limits), try TensorFile(second, limits: limits)]
    var sides = files.map(\.tensors)
    for (side, file) in files.enumerated() {
      let others = Set(sides[1 - side].map(\.name))
      guard let canonical = file.canonical, !sides[side].contains(where: { others.contains($0.name) }) else {
        continue
      }
      sides[side] = canonical
      translated.append(side)
    }
    // A conversion keeps every value although it has a test inside.
    let goldens = sides.map { $0.count(where: \.isGolden) }
    for side in 0...1 where goldens[1 - side] == 0 && goldens[side] > 0 {
      sides[side].removeAll(where: \.isGolden)
      goldensLeftOut[side] = goldens[side]
    }
    let right = Dictionary(sides[1].map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    var both: [(ValueTensor, ValueTensor)] = []
    for tensor in sides[0] {
      if let other = right[tensor.name] {
        both.append((tensor, other))
      } else {
        onlyInFirst.append(Lone(tensor))
      }
    }
    pairs = try Self.compare(both, [first, second], threads)
    let left = Set(sides[0].map(\.name))
    onlyInSecond = sides[1].filter { !left.contains($0.name) }.map { Lone($0) }
  }

  /// Compares all pairs, each on whichever thread is free.
  private static func compare(
    _ both: [(ValueTensor, ValueTensor)], _ paths: [String], _ threads: Int
  ) throws(InputFailure) -> [Pair] {
    let pairs = Mutex([Pair?](repeating: nil, count: both.count))
    do {
      try ParallelWork.run(count: both.count, threads: threads) { i in
        let pair = try compare(both[i].0, both[i].1)
        pairs.withLock { $0[i] = pair }
      }
    } catch let failure as SideFailure {
      throw InputFailure(paths[failure.side], any: failure.error)
    } catch {
      throw InputFailure(paths[0], any: error)
    }
    return pairs.withLock { $0.compactMap(\.self) }
  }

  private static func compare(_ a: ValueTensor, _ b: ValueTensor) throws -> Pair {
    var pair = Pair(
      name: a.name, dtypes: [a.dtype, b.dtype], shapes: [a.shape, b.shape], verdict: .identical)
    guard a.shape == b.shape else {
      pair.verdict = .shape
      return pair
    }
    pair.elements = a.shape.reduce(1, *)
    var comparison = ValueComparison(sameType: a.dtype == b.dtype, width: a.width ?? 1)
    try comparison.run(a, b)
    pair.differing = comparison.differing
    pair.maxError = comparison.maxError
    pair.relL2 = comparison.relL2
    pair.worst = comparison.worst
    pair.bits = comparison.bits
    pair.notFinite = comparison.notFinite
    pair.histogram = comparison.histogram
    pair.verdict =
      comparison.differing > 0 ? .values : comparison.isIdentical && a.dtype == b.dtype ? .identical : .equal
    return pair
  }
}

extension FileDifference.Lone {
  fileprivate init(_ tensor: ValueTensor) {
    self.init(name: tensor.name, dtype: tensor.dtype, shape: tensor.shape)
  }
}
