internal import PthReader
internal import ResNetArchitecture
internal import SWT
internal import SWTBytes
internal import SWTTensors

/// Converts the weights of one layer for storage: multiplies each filter by its factor, then rounds once.
///
/// Streams values in windows that fit into a core's cache. Dimension 0 is the filters (output channels);
/// factors and scales are per filter.
struct WeightTransform: Sendable {
  enum Target: Sendable {
    case float(SWTDType)
    /// q = round(w / scale), to nearest, ties to even, in -127...127; one scale per filter, its largest
    /// magnitude over
    /// 127. A filter of zeros has scale 1, because scales must be positive.
    case integers
  }

  /// The results of a transform, except the stored bytes.
  struct Outcome: Sendable {
    var error = RoundingError()
    /// One per filter, if the target is integers.
    var scales: [Float] = []
  }

  /// Source bytes per window; the same values in double precision take twice as much.
  private static let windowBytes = 64 << 10

  let entry: TensorEntry
  /// The factors of the folded BatchNorm; nil leaves the values unchanged.
  let factors: [Double]?
  let target: Target
  /// How integers become the values that ``factors`` apply to; nil unless the entry is quantized.
  var dequantization: Dequantization?

  var dtype: SWTDType {
    switch target {
    case .float(let dtype): dtype
    case .integers: .i8
    }
  }

  /// The operations for a receipt.
  var operations: SWTReceipt.Operations {
    var operations: SWTReceipt.Operations = factors == nil ? [] : .fold
    if case .integers = target {
      operations.insert(.quantize)
    } else if dtype != SWTDType(entry.scalarType) {
      operations.insert(.cast)
    }
    return operations
  }

  var filterCount: Int { entry.shape.first ?? 1 }

  /// Elements per filter.
  private var filterSize: Int { filterCount > 0 ? max(entry.layout.elementCount / filterCount, 1) : 1 }

  /// Reads the values once, and passes on both source bytes and stored bytes.
  ///
  /// - Parameters:
  ///   - file: Reads the values.
  ///   - isSample: Whether `stored` stops after the first window, which is then passed on at once.
  ///   - source: Called with the bytes of the entry's values, window by window.
  ///   - stored: Called with the bytes to store.
  /// - Throws: ``ConversionFailure`` `.architecture` for a finite value that would become infinite, and for a
  ///   non-finite value if the target is integers; what `stored` throws; ``ParseFailure`` if the values
  ///   cannot be read.
  /// - Returns: The rounding error and the scales.
  func run(
    _ file: PthFile, isSample: Bool = false, source: (RawSpan) -> Void,
    stored: (RawSpan) throws -> Void
  ) throws -> Outcome {
    var outcome = Outcome()
    let filterBytes = filterSize * entry.scalarType.byteWidth
    var windowBytes = Self.windowBytes
    if case .integers = target {
      if filterBytes <= TensorWindows.windowBytes {
        // Whole filters, which are needed to compute their scales.
        windowBytes = max(windowBytes / filterBytes, 1) * filterBytes
      } else {
        outcome.scales = try largestOfEach(file).map(Self.scale)
      }
    }
    let areScalesKnown = !outcome.scales.isEmpty
    let elements = windowBytes / entry.scalarType.byteWidth
    let storedBytes = elements * max(dtype.bitWidth / 8, 1)
    let storedWindow = WindowBuffer(
      capacity: isSample ? storedBytes : max(storedBytes, TensorWindows.cachedBytes))
    // Writing few large pieces is cheaper than many small ones.
    func flush() throws {
      if storedWindow.count > 0 { try stored(storedWindow.bytes) }
      storedWindow.removeAll()
    }
    try forEachWindow(windowBytes, of: file, isSample: isSample, source) { first, block in
      switch target {
      case .float(let dtype):
        if let place = block.round(to: dtype, storedWindow, &outcome.error) {
          throw ConversionFailure.architecture(
            "element \(first + place) of \(entry.name) is \(block.values[place]), "
              + "out of the range of \(dtype.name)",
            .say("bf16 and f32 have a larger range"))
        }
      case .integers:
        let start = storedWindow.count
        unsafe storedWindow.append(block.count) { _ in }
        try forEachFilter(in: first..<first + block.count) { filter, places in
          if !areScalesKnown {
            outcome.scales.append(Self.scale(try largest(of: block, places, from: first)))
          }
          block.quantize(places, scale: outcome.scales[filter], storedWindow, after: start, &outcome.error)
        }
      }
      if storedWindow.capacity - storedWindow.count < storedBytes { try flush() }
    }
    try flush()
    if case .integers = target, outcome.scales.count < filterCount {
      // Filters without elements are filters of zeros.
      outcome.scales += Array(repeating: Self.scale(0), count: filterCount - outcome.scales.count)
    }
    return outcome
  }

  /// The scale of the first filter: if it differs between two layers, their scales differ.
  func firstScale(_ file: PthFile) throws -> Float? {
    guard filterCount > 0, entry.layout.elementCount > 0 else { return nil }
    var largest = 0.0
    var reader = try file.sample(of: entry, windowBytes: Self.windowBytes)
    var block = NumberBlock()
    let window = WindowBuffer(capacity: reader.windowBytes)
    var first = 0
    while first < filterSize, try reader.next(into: window) {
      try block.take(window.bytes, entry.scalarType)
      let part = 0..<min(block.count, filterSize - first)
      if let factors { block.multiply(part, by: factors[0]) }
      largest = max(largest, try self.largest(of: block, part, from: first))
      first += block.count
    }
    return Self.scale(largest)
  }
}

// MARK: - Filters

extension WeightTransform {
  private static func scale(_ largest: Double) -> Float {
    largest == 0 ? 1 : min(max(Float(largest / 127), .leastNonzeroMagnitude), .greatestFiniteMagnitude)
  }

  /// A first pass, for filters that are too large for a window.
  private func largestOfEach(_ file: PthFile) throws -> [Double] {
    var largest = [Double](repeating: 0, count: filterCount)
    try forEachWindow(Self.windowBytes, of: file, { _ in }) { first, block in
      try forEachFilter(in: first..<first + block.count) { filter, places in
        largest[filter] = max(largest[filter], try self.largest(of: block, places, from: first))
      }
    }
    return largest
  }

  private func largest(
    of block: NumberBlock, _ places: Range<Int>, from first: Int
  ) throws(ConversionFailure) -> Double {
    let largest = block.largest(in: places)
    guard !largest.isFinite, let place = places.first(where: { !block.values[$0].isFinite }) else {
      return largest
    }
    throw .architecture(
      "element \(first + place) of \(entry.name) is \(block.values[place]); integers must be finite"
    )
  }

  /// Calls `body` with the exact values in order, folded, and the index of the first value of each block.
  private func forEachWindow(
    _ windowBytes: Int, of file: PthFile, isSample: Bool = false, _ source: (RawSpan) -> Void,
    _ body: (_ first: Int, _ block: NumberBlock) throws -> Void
  ) throws {
    var reader =
      isSample
      ? try file.sample(of: entry, windowBytes: windowBytes)
      : try file.reader(of: entry, windowBytes: windowBytes)
    let window = WindowBuffer(capacity: reader.windowBytes)
    var block = NumberBlock()
    var first = 0
    while try reader.next(into: window) {
      source(window.bytes)
      try block.take(window.bytes, entry.scalarType)
      if let dequantization {
        forEachFilter(in: first..<first + block.count) { filter, places in
          if let zeros = dequantization.zeroPoints { block.subtract(zeros[filter], from: places) }
          block.multiply(places, by: dequantization.scales[filter])
        }
      }
      if let factors {
        forEachFilter(in: first..<first + block.count) { filter, places in
          block.multiply(places, by: factors[filter])
        }
      }
      try body(first, block)
      first += block.count
    }
  }

  /// Calls `body` with the parts of a range of elements that belong to one filter each, as offsets in the
  /// range.
  private func forEachFilter<E: Error>(
    in range: Range<Int>, _ body: (_ filter: Int, _ places: Range<Int>) throws(E) -> Void
  ) throws(E) {
    let size = filterSize
    var start = range.lowerBound
    while start < range.upperBound {
      let filter = start / size
      let end = min((filter + 1) * size, range.upperBound)
      try body(filter, start - range.lowerBound..<end - range.lowerBound)
      start = end
    }
  }
}
