internal import SWTVerification

/// Compares two streams of values, whose pieces may differ in length.
struct ValueComparison {
  private let sameType: Bool
  private let width: Int
  private(set) var isIdentical = true
  private(set) var differing = 0
  private(set) var notFinite = 0
  private(set) var worst: Int?
  private var differingBits = 0
  private var hasBits: Bool
  private var largest = 0.0
  private var squaredError = 0.0
  private var squaredValue = 0.0
  private var hasNumbers = true
  private var position = 0
  /// Number of differences by exponent, starting with the smallest.
  private var counts: [Int] = []

  private static let leastExponent = -1074
  private static let mostExponent = 1024

  init(sameType: Bool, width: Int) {
    self.sameType = sameType
    self.width = width
    hasBits = sameType
  }

  var maxError: Double? { hasNumbers ? largest : nil }
  var relL2: Double? {
    guard hasNumbers else { return nil }
    return squaredError == 0 ? 0 : (squaredError / squaredValue).squareRoot()
  }
  var bits: Int? { hasBits ? differingBits : nil }
  var histogram: [FileDifference.Bin] {
    counts.enumerated().filter { $0.element > 0 }.map {
      FileDifference.Bin(exponent: $0.offset + Self.leastExponent, count: $0.element)
    }
  }

  /// - Throws: ``SideFailure`` if one of them cannot be read.
  mutating func run(_ a: ValueTensor, _ b: ValueTensor) throws {
    var (first, second) = (try PieceQueue(a, side: 0), try PieceQueue(b, side: 1))
    while true {
      // Both streams are read to their ends, which verifies their checksums.
      let more = [try first.refill(), try second.refill()]
      guard more == [true, true] else { return }
      if let a = first.numbers, let b = second.numbers {
        let count = min(a.count, b.count)
        for i in 0..<count { compare(a[a.startIndex + i], b[b.startIndex + i], at: position + i) }
        if first.hasBytes, second.hasBytes, sameType {
          compareBits(first.bytes(count, width), second.bytes(count, width))
        } else {
          isIdentical = false
          hasBits = false
        }
        position += count
        first.drop(count, width)
        second.drop(count, width)
      } else {
        // The elements are not real numbers, so only their bytes can be compared.
        hasNumbers = false
        let count = min(first.byteCount, second.byteCount) / width
        guard count > 0, sameType else {
          differing += 1
          hasBits = false
          return
        }
        let (a, b) = (Array(first.bytes(count, width)), Array(second.bytes(count, width)))
        for i in 0..<count where a[i * width..<(i + 1) * width] != b[i * width..<(i + 1) * width] {
          differing += 1
          if worst == nil { worst = position + i }
        }
        compareBits(a[...], b[...])
        position += count
        first.drop(count, width)
        second.drop(count, width)
      }
    }
  }

  private mutating func compareBits(_ a: ArraySlice<UInt8>, _ b: ArraySlice<UInt8>) {
    guard a != b else { return }
    isIdentical = false
    for (x, y) in zip(a, b) { differingBits += (x ^ y).nonzeroBitCount }
  }

  private mutating func compare(_ a: Double, _ b: Double, at index: Int) {
    if a.isFinite { squaredValue += a * a }
    if a == b || (a.isNaN && b.isNaN) { return }
    differing += 1
    let difference = (a - b).magnitude
    let error = difference.isNaN ? .infinity : difference
    squaredError += error * error
    if worst == nil || error > largest { (largest, worst) = (error, index) }
    guard error.isFinite else {
      notFinite += 1
      return
    }
    if counts.isEmpty { counts = Array(repeating: 0, count: Self.mostExponent - Self.leastExponent) }
    counts[Int(error.exponent) - Self.leastExponent] += 1
  }
}

/// Which of two files could not be read, and why.
struct SideFailure: Error {
  let side: Int
  let error: any Error
}

/// The unread rest of a stream's current piece.
private struct PieceQueue {
  private let side: Int
  private var stream: ValueStream
  private(set) var numbers: ArraySlice<Double>?
  private var rest: ArraySlice<UInt8> = []
  private(set) var hasBytes = false

  init(_ tensor: ValueTensor, side: Int) throws {
    self.side = side
    do {
      stream = try tensor.open()
    } catch {
      throw SideFailure(side: side, error: error)
    }
  }

  var byteCount: Int { rest.count }

  /// - Returns: False after the last element.
  mutating func refill() throws -> Bool {
    while numbers?.isEmpty ?? rest.isEmpty {
      do {
        guard let piece = try stream.next() else { return false }
        numbers = piece.numbers.map { $0[...] }
        rest = piece.bytes[...]
        hasBytes = !piece.bytes.isEmpty
      } catch {
        throw SideFailure(side: side, error: error)
      }
    }
    return true
  }

  func bytes(_ count: Int, _ width: Int) -> ArraySlice<UInt8> { rest.prefix(count * width) }

  mutating func drop(_ count: Int, _ width: Int) {
    numbers = numbers?.dropFirst(count)
    rest = rest.dropFirst(count * width)
  }
}
