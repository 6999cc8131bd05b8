/// Quartiles of many values in bounded memory: exact for few values, to eight significant bits for many.
///
/// The index of a bucket is the upper half of a float32's bits, reordered to sort like the numbers.
struct QuantileTable {
  /// Maximum number of values that are stored individually.
  static let exactLimit = 4096

  private var few: [Double] = []
  private var buckets: [Int] = []
  private(set) var count = 0

  init(expecting count: Int) {
    if count > Self.exactLimit { buckets = Array(repeating: 0, count: 1 << 16) }
  }

  /// Adds a finite value.
  mutating func add(_ value: Double) {
    count += 1
    guard !buckets.isEmpty else { return few.append(value) }
    let bits = Float(value).bitPattern
    let ordered = bits >> 31 == 0 ? bits | 1 << 31 : ~bits
    buckets[Int(ordered >> 16)] += 1
  }

  /// Indices of the quartiles among `count` sorted values, rounded down.
  static func ranks(_ count: Int) -> [Int] {
    [1, 2, 3].map { (count - 1) / 4 * $0 + (count - 1) % 4 * $0 / 4 }
  }

  /// The lower quartile, the median and the upper quartile.
  var quartiles: [Double] {
    guard buckets.isEmpty else { return places.map { Self.values($0).nearest } }
    let sorted = few.sorted()
    return sorted.isEmpty ? [.nan, .nan, .nan] : Self.ranks(count).map { sorted[$0] }
  }

  /// The range to refine if the quartiles are too close together for eight bits; otherwise nil.
  var doubtful: ClosedRange<Double>? {
    guard !buckets.isEmpty, count > 0 else { return nil }
    let quartiles = quartiles
    let largest = max(quartiles[0].magnitude, quartiles[2].magnitude)
    guard largest > 0, quartiles[2] - quartiles[0] < largest / 8 else { return nil }
    let places = places
    let (low, high) = (Self.values(places[0]).low, Self.values(places[2]).high)
    return low < high && (high - low).isFinite ? low...high : nil
  }

  /// The buckets of the quartiles.
  private var places: [Int] {
    let ranks = Self.ranks(count)
    var result: [Int] = []
    var seen = 0
    for (bucket, number) in buckets.enumerated() where number > 0 {
      seen += number
      while result.count < 3, ranks[result.count] < seen { result.append(bucket) }
    }
    return result
  }

  /// The ends of a bucket, and the one nearer to zero.
  private static func values(_ bucket: Int) -> (low: Double, high: Double, nearest: Double) {
    let isPositive = bucket >> 15 == 1
    let upper = isPositive ? UInt32(bucket) & 0x7FFF : ~UInt32(bucket) & 0xFFFF
    let near = Double(Float(bitPattern: upper << 16)) + 0
    let far = Double(Float(bitPattern: (upper << 16) + 0xFFFF).nextAway)
    return isPositive ? (near, far, near) : (far, near, near)
  }
}

extension Float {
  /// The next number of larger magnitude.
  fileprivate var nextAway: Float { sign == .plus ? nextUp : nextDown }
}

/// Quartiles that are close together, from equally wide buckets in a range that encloses them.
struct QuantileRefinement {
  private let low: Double
  private let width: Double
  private var buckets = [Int](repeating: 0, count: 1 << 16)
  private var below = 0
  private var count = 0

  init(_ range: ClosedRange<Double>) {
    low = range.lowerBound
    width = (range.upperBound - range.lowerBound) / Double(buckets.count)
  }

  /// Adds values; non-finite ones are ignored.
  mutating func add(_ numbers: [Double]) {
    for value in numbers where value.isFinite {
      count += 1
      if value < low {
        below += 1
      } else {
        let place = (value - low) / width
        if place <= Double(buckets.count) { buckets[min(Int(place), buckets.count - 1)] += 1 }
      }
    }
  }

  var quartiles: [Double] {
    let ranks = QuantileTable.ranks(count)
    var result: [Double] = []
    var seen = below
    for (bucket, number) in buckets.enumerated() where number > 0 {
      seen += number
      while result.count < 3, ranks[result.count] < seen { result.append(low + Double(bucket) * width) }
    }
    while result.count < 3 { result.append(low + Double(buckets.count) * width) }
    return result
  }
}
