public import SWT
public import SWTBytes

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
  }

  /// In the order of the first file.
  public private(set) var pairs: [Pair] = []
  /// Names that only the first file has, and only the second.
  public private(set) var missing: [String] = []
  /// Names that only the second file has.
  public private(set) var extra: [String] = []
  /// Whose names were translated to torchvision's, so that they meet the other's: 0, 1, or nobody's.
  public private(set) var translated: [Int] = []

  /// True when both have the same tensors with the same values, whatever their types.
  public var isEmpty: Bool {
    missing.isEmpty && extra.isEmpty && !pairs.contains { $0.verdict == .values || $0.verdict == .shape }
  }

  /// Compares all tensors of two files.
  ///
  /// Names are compared as they are. Where they do not meet, a checkpoint's network is compared under torchvision's
  /// names.
  ///
  /// - Throws: ``DifferenceFailure`` when a file cannot be read.
  public init(
    _ first: String, _ second: String, limits: ParseLimits = ParseLimits()
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
    let right = Dictionary(sides[1].map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    for tensor in sides[0] {
      guard let other = right[tensor.name] else {
        missing.append(tensor.name)
        continue
      }
      do {
        pairs.append(try Self.compare(tensor, other))
      } catch let error as SWTError {
        throw .weights(file: error.offset == nil ? first : second, error)
      } catch let failure as ParseFailure {
        throw .input(file: first, failure)
      } catch {
        throw .input(file: first, ParseFailure(.unsupported("\(error)")))
      }
    }
    let left = Set(sides[0].map(\.name))
    extra = sides[1].map(\.name).filter { !left.contains($0) }
  }

  private static func open(_ path: String, _ limits: ParseLimits) throws(DifferenceFailure) -> ComparableFile
  {
    do {
      return try ComparableFile(path, limits: limits)
    } catch let failure as ParseFailure {
      throw .input(file: path, failure)
    } catch let error as SWTError {
      throw .weights(file: path, error)
    } catch {
      throw .input(file: path, ParseFailure(.unsupported("\(error)")))
    }
  }

  private static func compare(_ a: ComparableTensor, _ b: ComparableTensor) throws -> Pair {
    var pair = Pair(
      name: a.name, dtypes: [a.dtype, b.dtype], shapes: [a.shape, b.shape], verdict: .identical)
    guard a.shape == b.shape else {
      pair.verdict = .shape
      return pair
    }
    pair.elements = a.shape.reduce(1, *)
    var comparison = ValueComparison(sameType: a.dtype == b.dtype, width: a.width ?? 1)
    try comparison.run(a.open(), b.open())
    pair.differing = comparison.differing
    pair.maxError = comparison.maxError
    pair.relL2 = comparison.relL2
    pair.worst = comparison.worst
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

/// Walks two streams side by side, which may come in pieces of other lengths.
private struct ValueComparison {
  private let sameType: Bool
  private let width: Int
  private(set) var isIdentical = true
  private(set) var differing = 0
  private(set) var worst: Int?
  private var largest = 0.0
  private var squaredError = 0.0
  private var squaredValue = 0.0
  private var hasNumbers = true
  private var position = 0

  init(sameType: Bool, width: Int) {
    self.sameType = sameType
    self.width = width
  }

  var maxError: Double? { hasNumbers ? largest : nil }
  var relL2: Double? {
    guard hasNumbers else { return nil }
    return squaredError == 0 ? 0 : (squaredError / squaredValue).squareRoot()
  }

  mutating func run(_ first: ValueStream, _ second: ValueStream) throws {
    var (first, second) = (Queue(first), Queue(second))
    while true {
      guard try first.refill(), try second.refill() else { return }
      if let a = first.numbers, let b = second.numbers {
        let count = min(a.count, b.count)
        for i in 0..<count { compare(a[a.startIndex + i], b[b.startIndex + i], at: position + i) }
        if first.hasBytes, second.hasBytes, sameType {
          if first.bytes(count, width) != second.bytes(count, width) { isIdentical = false }
        } else {
          isIdentical = false
        }
        position += count
        first.drop(count, width)
        second.drop(count, width)
      } else {
        // Not numbers: only the bytes can be compared, element by element.
        hasNumbers = false
        let count = min(first.byteCount, second.byteCount) / width
        guard count > 0, sameType else {
          differing += 1
          return
        }
        let (a, b) = (Array(first.bytes(count, width)), Array(second.bytes(count, width)))
        for i in 0..<count where a[i * width..<(i + 1) * width] != b[i * width..<(i + 1) * width] {
          differing += 1
          if worst == nil { worst = position + i }
        }
        if a != b { isIdentical = false }
        position += count
        first.drop(count, width)
        second.drop(count, width)
      }
    }
  }

  private mutating func compare(_ a: Double, _ b: Double, at index: Int) {
    if a.isFinite { squaredValue += a * a }
    if a == b || (a.isNaN && b.isNaN) { return }
    differing += 1
    let difference = (a - b).magnitude
    let error = difference.isNaN ? .infinity : difference
    squaredError += error * error
    if worst == nil || error > largest { (largest, worst) = (error, index) }
  }
}

/// What is left of the piece that a stream gave last.
private struct Queue {
  private var stream: ValueStream
  private(set) var numbers: ArraySlice<Double>?
  private var rest: ArraySlice<UInt8> = []
  private(set) var hasBytes = false

  init(_ stream: ValueStream) { self.stream = stream }

  var byteCount: Int { rest.count }

  /// - Returns: False behind the last element.
  mutating func refill() throws -> Bool {
    while numbers?.isEmpty ?? rest.isEmpty {
      guard let piece = try stream.next() else { return false }
      numbers = piece.numbers.map { $0[...] }
      rest = piece.bytes[...]
      hasBytes = !piece.bytes.isEmpty
    }
    return true
  }

  func bytes(_ count: Int, _ width: Int) -> ArraySlice<UInt8> { rest.prefix(count * width) }

  mutating func drop(_ count: Int, _ width: Int) {
    numbers = numbers?.dropFirst(count)
    rest = rest.dropFirst(count * width)
  }
}
