internal import PthReader
internal import SWT
internal import SWTBytes
internal import SWTTensorFiles
internal import SWTTensors

/// Turns the weights of one layer into what is stored: each filter times its factor, then one rounding.
///
/// Values stream through in windows of at most 4 MiB. Dimension 0 counts the filters (output channels); a factor
/// and a scale belong to one filter each.
struct WeightTransform: Sendable {
  enum Target: Sendable {
    case float(SWTDType)
    /// q = round(w / scale), to nearest, ties to even, in -127...127; one scale for each filter.
    case integers(scales: [Float])
  }

  let entry: TensorEntry
  /// The folded BatchNorm's factors; nil leaves the values alone.
  let factors: [Double]?
  let target: Target

  var dtype: SWTDType {
    switch target {
    case .float(let dtype): dtype
    case .integers: .i8
    }
  }

  /// What a receipt calls this.
  var operations: SWTReceipt.Operations {
    var operations: SWTReceipt.Operations = factors == nil ? [] : .fold
    if case .integers = target {
      operations.insert(.quantize)
    } else if dtype != SWTDType(entry.scalarType) {
      operations.insert(.cast)
    }
    return operations
  }

  /// Hands the stored bytes to `body`, window by window; `error` collects what the rounding did.
  ///
  /// - Throws: ``ConversionFailure`` `.architecture` for a finite value that would become infinite; what `body`
  ///   throws; ``ParseFailure`` when the values cannot be read.
  func forEachWindow(
    file: String, limits: ParseLimits, error: inout RoundingError, _ body: ([UInt8]) throws -> Void
  ) throws {
    let layer = Filters(entry, factors)
    try layer.forEachWindow(limits: limits) { first, values in
      switch target {
      case .float(let dtype):
        let rounded = Rounded(values, to: dtype)
        if let place = rounded.overflow {
          throw ConversionFailure.architecture(
            file: file,
            "element \(first + place) of \(entry.name) is \(values[place]), which \(dtype.name) cannot hold",
            hint: "bf16 and f32 have the range")
        }
        for i in values.indices { error.add(exact: values[i], stored: rounded.values[i]) }
        try body(rounded.bytes)
      case .integers(let scales):
        var stored = [Int8](repeating: 0, count: values.count)
        layer.forEachFilter(in: first..<first + values.count) { filter, elements in
          let scale = Double(scales[filter])
          for i in elements {
            stored[i - first] = Int8(
              min(max((values[i - first] / scale).rounded(.toNearestOrEven), -127), 127))
            error.add(exact: values[i - first], stored: Double(stored[i - first]) * scale)
          }
        }
        try body(stored.map { UInt8(bitPattern: $0) })
      }
    }
  }
}

extension WeightTransform {
  /// Quantises: measures the scale of each filter, its largest magnitude over 127.
  ///
  /// A filter of zeros gets the scale 1, as scales are above zero.
  ///
  /// - Throws: ``ConversionFailure`` `.architecture` for a value that is not finite; ``ParseFailure`` when the values
  ///   cannot be read.
  static func quantizing(
    _ entry: TensorEntry, factors: [Double]?, file: String, limits: ParseLimits
  ) throws -> WeightTransform {
    let layer = Filters(entry, factors)
    var largest = [Double](repeating: 0, count: layer.count)
    try layer.forEachWindow(limits: limits) { first, values in
      try layer.forEachFilter(in: first..<first + values.count) { filter, elements in
        for i in elements {
          let magnitude = values[i - first].magnitude
          guard magnitude.isFinite else {
            throw ConversionFailure.architecture(
              file: file,
              "element \(i) of \(entry.name) is \(values[i - first]); integers hold finite values only",
              hint: nil)
          }
          largest[filter] = max(largest[filter], magnitude)
        }
      }
    }
    let scales = largest.map { largest in
      largest == 0 ? 1 : min(max(Float(largest / 127), .leastNonzeroMagnitude), .greatestFiniteMagnitude)
    }
    return WeightTransform(entry: entry, factors: factors, target: .integers(scales: scales))
  }
}

/// The exact values of a layer, filter by filter.
private struct Filters {
  let entry: TensorEntry
  let factors: [Double]?
  let count: Int
  /// Elements of one.
  let size: Int

  init(_ entry: TensorEntry, _ factors: [Double]?) {
    self.entry = entry
    self.factors = factors
    count = entry.shape.first ?? 1
    size = count > 0 ? max(entry.layout.elementCount / count, 1) : 1
  }

  /// The values in order, with the number of the first.
  func forEachWindow(limits: ParseLimits, _ body: (_ first: Int, _ values: [Double]) throws -> Void) throws {
    var first = 0
    try entry.forEachWindow(limits: limits) { (window: [UInt8]) throws in
      var values = try ElementCoding.doubles(window, entry.scalarType)
      if let factors {
        forEachFilter(in: first..<first + values.count) { filter, elements in
          for i in elements { values[i - first] *= factors[filter] }
        }
      }
      try body(first, values)
      first += values.count
    }
  }

  /// The parts of a range of elements that belong to one filter each.
  func forEachFilter<E: Error>(
    in range: Range<Int>, _ body: (_ filter: Int, _ elements: Range<Int>) throws(E) -> Void
  ) throws(E) {
    var start = range.lowerBound
    while start < range.upperBound {
      let filter = start / size
      let end = min((filter + 1) * size, range.upperBound)
      try body(filter, start..<end)
      start = end
    }
  }
}
