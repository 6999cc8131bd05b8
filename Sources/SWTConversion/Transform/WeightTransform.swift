internal import PthReader
internal import ResNetArchitecture
internal import SWT
internal import SWTBytes
internal import SWTTensors

/// Turns the weights of one layer into what is stored: each filter times its factor, then one rounding.
///
/// Values stream through in windows that stay in a core's cache. Dimension 0 counts the filters (output channels); a
/// factor and a scale belong to one filter each.
struct WeightTransform: Sendable {
  enum Target: Sendable {
    case float(SWTDType)
    /// q = round(w / scale), to nearest, ties to even, in -127...127; one scale for each filter, its largest
    /// magnitude over 127. A filter of zeros gets the scale 1, as scales are above zero.
    case integers
  }

  /// What came of the values besides their bytes.
  struct Outcome: Sendable {
    var error = RoundingError()
    /// One for each filter, when they became integers.
    var scales: [Float] = []
  }

  /// Source bytes of a window; the same values in double precision take twice as much.
  private static let windowBytes = 64 << 10

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

  var filterCount: Int { entry.shape.first ?? 1 }

  /// Elements of one filter.
  private var filterSize: Int { filterCount > 0 ? max(entry.layout.elementCount / filterCount, 1) : 1 }

  /// Reads the values once and hands on what they were and what is stored.
  ///
  /// - Parameters:
  ///   - file: Where the values are.
  ///   - isSample: Whether `stored` stops after the first window, which is then handed on at once.
  ///   - source: Takes the bytes of the entry's values, window by window.
  ///   - stored: Takes the bytes that are stored.
  /// - Throws: ``ConversionFailure`` `.architecture` for a finite value that would become infinite, and for one that
  ///   is not finite where integers are asked for; what `stored` throws; ``ParseFailure`` when the values cannot be
  ///   read.
  /// - Returns: What the rounding cost, and the scales.
  func run(
    _ file: PthFile, isSample: Bool = false, source: (RawSpan) -> Void,
    stored: (RawSpan) throws -> Void
  ) throws -> Outcome {
    var outcome = Outcome()
    let filterBytes = filterSize * entry.scalarType.byteWidth
    var windowBytes = Self.windowBytes
    if case .integers = target {
      if filterBytes <= TensorWindows.windowBytes {
        // Whole filters, so that each is at hand when its scale is known.
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
    // Few large pieces are cheaper to write than many small ones.
    func flush() throws {
      if storedWindow.count > 0 { try stored(storedWindow.bytes) }
      storedWindow.removeAll()
    }
    try forEachWindow(windowBytes, of: file, isSample: isSample, source) { first, block in
      switch target {
      case .float(let dtype):
        if let place = block.round(to: dtype, storedWindow, &outcome.error) {
          throw ConversionFailure.architecture(
            "element \(first + place) of \(entry.name) is \(block.values[place]), which \(dtype.name) cannot hold",
            .say("bf16 and f32 have the range"))
        }
      case .integers:
        let start = storedWindow.count
        unsafe storedWindow.append(block.count) { _ in }
        try forEachFilter(in: first..<first + block.count) { filter, places in
          if !areScalesKnown {
            outcome.scales.append(Self.scale(try largest(of: block, places, from: first)))
          }
          block.quantize(places, scale: outcome.scales[filter], storedWindow, behind: start, &outcome.error)
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

  /// The scale of the first filter: where those of two layers differ, their scales are no equal tensors.
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

  /// A first pass, for filters that are too large to be at hand as a whole.
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
      "element \(first + place) of \(entry.name) is \(block.values[place]); integers hold finite values only")
  }

  /// The exact values in order, folded, with the number of the first of each block.
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
      if let factors {
        forEachFilter(in: first..<first + block.count) { filter, places in
          block.multiply(places, by: factors[filter])
        }
      }
      try body(first, block)
      first += block.count
    }
  }

  /// The parts of a range of elements that belong to one filter each, as places from the start of the range.
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
