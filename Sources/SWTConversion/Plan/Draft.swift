internal import PthReader
internal import SWT
internal import SWTBytes
internal import SWTChecksums
internal import SWTDigests

/// A file about to be written: all that it says, and where the bytes of each tensor come from.
///
/// What only the values can tell, digests and receipts and scales, is filled in by a ``TensorPass``.
struct Draft: Sendable {
  var contents = SWTContents()
  /// One for each of the contents' tensors.
  var values: [ValueSource] = []
  /// Tensors of the source whose digests the file is to state; one for each of the contents' `sources`.
  var sources: [TensorEntry] = []
  /// For each of the contents' tensors the one of `sources` that it is made from, when it is one alone.
  private var sourceOf: [Int?] = []
  /// Layers that stayed wider than the precision asked for.
  var wideLayers: [String] = []

  /// Appends a tensor; `source` is the number of the one that it is made from.
  mutating func append(
    _ spec: SWTTensorSpec, _ value: ValueSource, _ receipt: SWTReceipt = .untouched, source: Int? = nil
  ) {
    // A file has a receipt for each tensor or none at all; the first that says something brings them all.
    if contents.receipts.isEmpty, receipt != .untouched {
      contents.receipts = Array(repeating: .untouched, count: contents.tensors.count)
    }
    if !contents.receipts.isEmpty || (receipt != .untouched) { contents.receipts.append(receipt) }
    contents.tensors.append(spec)
    values.append(value)
    sourceOf.append(source)
  }

  /// Appends a tensor whose bytes are in memory; hashes them.
  mutating func append(_ spec: SWTTensorSpec, _ bytes: [UInt8], _ receipt: SWTReceipt = .untouched) {
    var spec = spec
    spec.sha256 = SystemDigests().sha256(bytes)
    append(spec, .bytes(bytes), receipt)
  }

  /// The number in ``sources`` of the tensor that one of the file is made from, when it is one alone.
  func source(of index: Int) -> Int? { sourceOf.indices.contains(index) ? sourceOf[index] : nil }

  /// Tensors without those of golden tests.
  var networkTensorCount: Int { contents.tensors.count { !$0.name.hasPrefix(SWTFormat.goldenPrefix) } }

  /// The tensor whose stored values are furthest from the exact ones.
  var worstRounding: (name: String, relL2: Double)? {
    let worst = zip(contents.tensors, contents.receipts).max { $0.1.relL2Error < $1.1.relL2Error }
    guard let (spec, receipt) = worst, receipt.relL2Error > 0 else { return nil }
    return (spec.name, Double(receipt.relL2Error))
  }
}

/// Where the bytes of a tensor come from.
enum ValueSource: Sendable {
  case entry(TensorEntry)
  case transform(WeightTransform)
  /// The scales of the tensor before, which its integers bring along.
  case scales
  case bytes([UInt8])

  /// The tensor of the source that is read for it.
  var entry: TensorEntry? {
    switch self {
    case .entry(let entry): entry
    case .transform(let transform): transform.entry
    case .scales, .bytes: nil
    }
  }

  /// Hands all bytes to `body`, in windows.
  ///
  /// - Precondition: It is not ``scales``: a ``TensorPass`` made bytes of them.
  /// - Throws: What `body` throws; ``ParseFailure`` or ``ConversionFailure`` when the values cannot be read or stored.
  func forEachWindow(of file: PthFile, _ body: (RawSpan) throws -> Void) throws {
    switch self {
    case .entry(let entry):
      var reader = try file.reader(of: entry, windowBytes: TensorWindows.cachedBytes)
      let window = WindowBuffer(capacity: reader.windowBytes)
      while try reader.next(into: window) { try body(window.bytes) }
    case .transform(let transform):
      _ = try transform.run(file, source: { _ in }, stored: body)
    case .scales: preconditionFailure("scales are known after a pass")
    case .bytes(let bytes): try unsafe bytes.withUnsafeBytes { try body(unsafe $0.bytes) }
    }
  }
}
