internal import SWT
package import SWTBytes
package import SWTInputs
internal import SWTThreads
internal import Synchronization

/// The difference of two weight files or checkpoints, tensor by tensor.
package struct FileDifference: Sendable {
  /// The comparison of two tensors with the same name.
  package struct Pair: Sendable {
    /// The outcome of a comparison.
    package enum Verdict: String, Sendable {
      /// Equal type, shape and bytes.
      case identical
      /// Equal numbers, but different types or zeros of different sign.
      case equal
      /// Different numbers.
      case values
      /// Different shapes; values are not compared.
      case shape
    }

    /// The tensor's name in both files.
    package let name: String
    /// PyTorch's names of both types, the first file's first.
    package let dtypes: [String]
    /// Both shapes, the first file's first.
    package let shapes: [[Int]]
    /// The outcome.
    package internal(set) var verdict: Verdict
    /// Largest `|a − b|`; nil if the elements are not real numbers. A NaN on one side counts as infinite.
    package internal(set) var maxError: Double?
    /// `‖a − b‖₂ / ‖a‖₂`.
    package internal(set) var relL2: Double?
    /// Flat index of the largest error.
    package internal(set) var worst: Int?
    /// Number of elements whose values differ.
    package internal(set) var differing = 0
    /// Number of elements compared.
    package internal(set) var elements = 0
    /// Number of differing bits; nil if types or shapes differ.
    package internal(set) var bits: Int?
    /// Number of differing elements that are not finite on at least one side.
    package internal(set) var notFinite = 0
    /// Histogram of the finite differences by powers of two, smallest first.
    package internal(set) var histogram: [Bin] = []
  }

  /// The elements with `2^exponent ≤ |a − b| < 2^(exponent + 1)`.
  package struct Bin: Equatable, Sendable {
    /// The power of two at which the bin starts.
    package let exponent: Int
    /// Number of elements in the bin.
    package let count: Int
  }

  /// Tensors of both files, in the order of the first.
  package private(set) var pairs: [Pair] = []
  /// A tensor that only one file has.
  package struct Lone: Sendable {
    /// The tensor's name.
    package let name: String
    /// PyTorch's name of the type.
    package let dtype: String
    /// The shape.
    package let shape: [Int]
  }

  /// Tensors that only the first file has.
  package private(set) var onlyInFirst: [Lone] = []
  /// Tensors that only the second file has.
  package private(set) var onlyInSecond: [Lone] = []
  /// Names that only the first file has.
  package var missing: [String] { onlyInFirst.map(\.name) }
  /// Names that only the second file has.
  package var extra: [String] { onlyInSecond.map(\.name) }
  /// Number of tensors of golden tests in each file that were not compared because the other file has no
  /// golden tests.
  package private(set) var goldensLeftOut = [0, 0]
  /// Number of scales and zero points in each file that were not compared because the other file has none.
  package private(set) var scalesLeftOut = [0, 0]
  /// The engine that each file states if it is a quantized network.
  package private(set) var quantizedEngines: [String?] = [nil, nil]
  /// Indices of the files whose names were translated to torchvision's to match the other's.
  package private(set) var translated: [Int] = []

  /// Whether both files have the same tensors with the same values, regardless of types.
  package var isEmpty: Bool {
    onlyInFirst.isEmpty && onlyInSecond.isEmpty
      && !pairs.contains { $0.verdict == .values || $0.verdict == .shape }
  }

  /// Compares all tensors of two files.
  ///
  /// Names are compared unchanged. If no name of a checkpoint occurs in the other file, its network is
  /// compared under torchvision's names.
  ///
  /// - Parameters:
  ///   - first: A checkpoint or a weight file.
  ///   - second: Another one.
  ///   - limits: Limits on what the files may demand.
  ///   - threads: Number of pairs compared at once; it does not affect the result.
  /// - Throws: ``InputFailure`` if a file cannot be read.
  package init(
    _ first: String, _ second: String, limits: ParseLimits = ParseLimits(), threads: Int = 1
  ) throws(InputFailure) {
    let files = [try TensorFile(first, limits: limits), try TensorFile(second, limits: limits)]
    var sides = files.map(\.tensors)
    for (side, file) in files.enumerated() {
      let others = Set(sides[1 - side].map { ExactString($0.name) })
      guard let canonical = file.canonical else { continue }
      // Parametrized weights have other names than the weights that are computed from them.
      let common = sides[side].count { others.contains(ExactString($0.name)) }
      guard canonical.count(where: { others.contains(ExactString($0.name)) }) > common || common == 0 else {
        continue
      }
      sides[side] = canonical
      translated.append(side)
    }
    // A conversion with an embedded golden test still keeps every value.
    let goldens = sides.map { $0.count(where: \.isGolden) }
    for side in 0...1 where goldens[1 - side] == 0 && goldens[side] > 0 {
      sides[side].removeAll(where: \.isGolden)
      goldensLeftOut[side] = goldens[side]
    }
    // So may one in integers, whose weights are compared as the numbers that they mean.
    let scales = sides.map { $0.count(where: \.isScale) }
    for side in 0...1 where scales[1 - side] == 0 && scales[side] > 0 {
      sides[side].removeAll(where: \.isScale)
      scalesLeftOut[side] = scales[side]
    }
    quantizedEngines = files.map(\.quantizedEngine)
    let right = Dictionary(
      sides[1].map { (ExactString($0.name), $0) }, uniquingKeysWith: { first, _ in first })
    var both: [(ValueTensor, ValueTensor)] = []
    for tensor in sides[0] {
      if let other = right[ExactString(tensor.name)] {
        both.append((tensor, other))
      } else {
        onlyInFirst.append(Lone(tensor))
      }
    }
    pairs = try Self.compare(both, [first, second], threads)
    for file in files { try file.requireUnchanged() }
    let left = Set(sides[0].map { ExactString($0.name) })
    onlyInSecond = sides[1].filter { !left.contains(ExactString($0.name)) }.map { Lone($0) }
  }

  /// Compares all pairs on several threads.
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
    var comparison = ValueComparison(sameType: a.storedType == b.storedType, width: a.width ?? 1)
    try comparison.run(a, b)
    pair.differing = comparison.differing
    pair.maxError = comparison.maxError
    pair.relL2 = comparison.relL2
    pair.worst = comparison.worst
    pair.bits = comparison.bits
    pair.notFinite = comparison.notFinite
    pair.histogram = comparison.histogram
    pair.verdict =
      comparison.differing > 0
      ? .values : comparison.isIdentical && a.storedType == b.storedType ? .identical : .equal
    return pair
  }
}

extension FileDifference.Lone {
  fileprivate init(_ tensor: ValueTensor) {
    self.init(name: tensor.name, dtype: tensor.dtype, shape: tensor.shape)
  }
}
