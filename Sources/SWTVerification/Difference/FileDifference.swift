public import SWT
public import SWTBytes
internal import SWTSurvey
internal import Synchronization

/// Two weight files or checkpoints, tensor by tensor.
public struct FileDifference: Sendable {
  /// What is known of one pair of tensors.
  public struct Pair: Sendable {
    /// How alike two tensors are.
    public enum Verdict: String, Sendable {
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
    public let name: String
    /// PyTorch's names.
    public let dtypes: [String]
    /// Both shapes, the first file's first.
    public let shapes: [[Int]]
    /// How alike they are.
    public internal(set) var verdict: Verdict
    /// Largest `|a − b|`; nil where the elements are no numbers. NaN against a number is infinite.
    public internal(set) var maxError: Double?
    /// `‖a − b‖₂ / ‖a‖₂`.
    public internal(set) var relL2: Double?
    /// Flat index of the largest error.
    public internal(set) var worst: Int?
    /// Elements with other values.
    public internal(set) var differing = 0
    /// Elements that were compared.
    public internal(set) var elements = 0
    /// Bits that are not the same; nil where the types or shapes are not.
    public internal(set) var bits: Int?
    /// Differing elements of which one side or both are not finite.
    public internal(set) var notFinite = 0
    /// How many finite differences there are of each size, by powers of two, the smallest first.
    public internal(set) var histogram: [Bin] = []
  }

  /// The elements with `2^exponent ≤ |a − b| < 2^(exponent + 1)`.
  public struct Bin: Equatable, Sendable {
    /// The power of two at which the bin begins.
    public let exponent: Int
    /// How many elements lie in it.
    public let count: Int
  }

  /// In the order of the first file.
  public private(set) var pairs: [Pair] = []
  /// A tensor that only one file has.
  public struct Lone: Sendable {
    /// The tensor's name.
    public let name: String
    /// PyTorch's name of its type.
    public let dtype: String
    /// Its shape.
    public let shape: [Int]
  }

  /// What only the first file has.
  public private(set) var onlyInFirst: [Lone] = []
  /// What only the second file has.
  public private(set) var onlyInSecond: [Lone] = []
  /// Names that only the first file has.
  public var missing: [String] { onlyInFirst.map(\.name) }
  /// Names that only the second file has.
  public var extra: [String] { onlyInSecond.map(\.name) }
  /// How many tensors of golden tests each file embeds, of which nothing was compared, since the other has none.
  public private(set) var goldensLeftOut = [0, 0]
  /// Whose names were translated to torchvision's, so that they meet the other's: 0, 1, or nobody's.
  public private(set) var translated: [Int] = []

  /// True when both have the same tensors with the same values, whatever their types.
  public var isEmpty: Bool {
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
  /// - Throws: ``DifferenceFailure`` when a file cannot be read.
  public init(
    _ first: String, _ second: String, limits: ParseLimits = ParseLimits(), threads: Int = 1
  ) throws(DifferenceFailure) {
    let files = [try Self.open(first, limits), try Self.open(second, limits)]
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

  private static func open(_ path: String, _ limits: ParseLimits) throws(DifferenceFailure) -> TensorFile {
    do {
      return try TensorFile(path, limits: limits)
    } catch {
      throw DifferenceFailure(path, error)
    }
  }

  /// Compares all pairs, each on whichever thread is free.
  private static func compare(
    _ both: [(ValueTensor, ValueTensor)], _ paths: [String], _ threads: Int
  ) throws(DifferenceFailure) -> [Pair] {
    let pairs = Mutex([Pair?](repeating: nil, count: both.count))
    do {
      try ParallelWork.run(count: both.count, threads: threads) { i in
        let pair = try compare(both[i].0, both[i].1)
        pairs.withLock { $0[i] = pair }
      }
    } catch let failure as SideFailure {
      throw DifferenceFailure(paths[failure.side], failure.error)
    } catch {
      throw DifferenceFailure(paths[0], error)
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

/// Why two files could not be compared.
public enum DifferenceFailure: Error, Sendable {
  /// A checkpoint could not be read.
  case input(file: String, ParseFailure)
  /// A weight file could not be read.
  case weights(file: String, SWTError)
}

extension DifferenceFailure {
  fileprivate init(_ file: String, _ error: any Error) {
    switch error {
    case let failure as ParseFailure: self = .input(file: file, failure)
    case let error as SWTError: self = .weights(file: file, error)
    default: self = .input(file: file, ParseFailure(.unsupported("\(error)")))
    }
  }
}

extension FileDifference.Lone {
  fileprivate init(_ tensor: ValueTensor) {
    self.init(name: tensor.name, dtype: tensor.dtype, shape: tensor.shape)
  }
}
