/// The first pass over the values of a tensor.
struct ValueScan {
  private var found = TensorStatistics()
  private(set) var table: QuantileTable
  private var finite = 0
  private var mean = 0.0
  private var squares = 0.0

  init(expecting count: Int) {
    table = QuantileTable(expecting: count)
    (found.minimum, found.maximum) = (.infinity, -.infinity)
  }

  mutating func add(_ numbers: [Double]) {
    var (sum, count, zeros) = (0.0, 0, 0)
    var (low, high) = (found.minimum, found.maximum)
    for (i, value) in numbers.enumerated() {
      guard value.isFinite else {
        note(value, at: found.count + i)
        continue
      }
      sum += value
      count += 1
      if value == 0 { zeros += 1 }
      if value < low { low = value }
      if value > high { high = value }
      table.add(value)
    }
    (found.minimum, found.maximum) = (low, high)
    found.zeros += zeros
    found.count += numbers.count
    if count > 0 { merge(numbers, count: count, mean: sum / Double(count)) }
  }

  private mutating func note(_ value: Double, at index: Int) {
    if value.isNaN {
      found.nans += 1
      if found.firstNaN == nil { found.firstNaN = index }
    } else {
      found.infinities += 1
      if found.firstInfinity == nil { found.firstInfinity = index }
    }
  }

  /// Merges mean and sum of squares of a piece with those so far (Chan, Golub and LeVeque 1979), without
  /// cancellation.
  private mutating func merge(_ numbers: [Double], count: Int, mean other: Double) {
    var sum = 0.0
    for value in numbers where value.isFinite {
      let difference = value - other
      sum += difference * difference
    }
    let (old, new) = (Double(finite), Double(count))
    let distance = other - mean
    mean += distance * new / (old + new)
    squares += sum + distance * distance * old * new / (old + new)
    finite += count
  }

  /// The statistics, except those that need another pass.
  func statistics() -> TensorStatistics {
    var result = found
    guard finite > 0 else {
      (result.minimum, result.maximum) = (.nan, .nan)
      return result
    }
    result.mean = mean
    result.deviation = (squares / Double(finite)).squareRoot()
    result.quartiles = table.quartiles
    return result
  }
}
