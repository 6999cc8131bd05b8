internal import PthReader
internal import SWT
internal import SWTBytes
internal import SWTChecksums
internal import SWTDigests

/// A file about to be written: everything in it, and the source of each tensor's data.
///
/// What only the values tell (digests, receipts, scales) is filled in by a ``TensorPass``.
struct Draft: Sendable {
  var contents = SWTContents()
  /// One per tensor of the contents.
  var values: [ValueSource] = []
  /// Source tensors whose digests the file records; one per entry of the contents' `sources`.
  var sources: [TensorEntry] = []
  /// Per tensor of the contents, the index in `sources` of the tensor that it is made from, if that is a
  /// single one.
  private var sourceOf: [Int?] = []
  /// Layers that stay wider than the requested precision.
  var wideLayers: [String] = []

  /// Makes room for that many tensors at once.
  mutating func reserve(_ count: Int) {
    contents.tensors.reserveCapacity(count)
    values.reserveCapacity(count)
    sourceOf.reserveCapacity(count)
  }

  /// Appends a tensor; `source` is the index of the source tensor that it is made from.
  mutating func append(
    _ spec: SWTTensorSpec, _ value: ValueSource, _ receipt: SWTReceipt = .untouched, source: Int? = nil
  ) {
    // A file has receipts for all tensors or for none; the first real one adds them for all.
    if contents.receipts.isEmpty, receipt != .untouched {
      contents.receipts = Array(repeating: .untouched, count: contents.tensors.count)
    }
    if !contents.receipts.isEmpty || (receipt != .untouched) { contents.receipts.append(receipt) }
    contents.tensors.append(spec)
    values.append(value)
    sourceOf.append(source)
  }

  /// Appends a tensor with its data, and hashes it.
  mutating func append(_ spec: SWTTensorSpec, _ bytes: [UInt8], _ receipt: SWTReceipt = .untouched) {
    var spec = spec
    spec.sha256 = SystemDigests().sha256(bytes)
    append(spec, .bytes(bytes), receipt)
  }

  /// The index in ``sources`` of the tensor that a tensor of the file is made from, if that is a single one.
  func source(of index: Int) -> Int? { sourceOf.indices.contains(index) ? sourceOf[index] : nil }

  /// Number of tensors except those of golden tests.
  var networkTensorCount: Int { contents.tensors.count { !$0.name.hasPrefix(SWTFormat.goldenPrefix) } }

  /// The tensor with the largest relative L2 error of its stored values.
  var worstRounding: (name: String, relL2: Double)? {
    let worst = zip(contents.tensors, contents.receipts).max { $0.1.relL2Error < $1.1.relL2Error }
    guard let (spec, receipt) = worst, receipt.relL2Error > 0 else { return nil }
    return (spec.name, Double(receipt.relL2Error))
  }
}

/// The source of a tensor's data.
enum ValueSource: Sendable {
  case entry(TensorEntry)
  /// Indirect, because it is large and there may be a million tensors.
  indirect case transform(WeightTransform)
  /// The scales of the previous tensor, computed together with its integers.
  case scales
  case bytes([UInt8])

  /// The source tensor to read for it.
  var entry: TensorEntry? {
    switch self {
    case .entry(let entry): entry
    case .transform(let transform): transform.entry
    case .scales, .bytes: nil
    }
  }

  /// Calls `body` with all bytes, in windows.
  ///
  /// - Precondition: Not ``scales``, which a ``TensorPass`` replaces by bytes.
  /// - Throws: What `body` throws; ``ParseFailure`` or ``ConversionFailure`` if the values cannot be read or
  ///   stored.
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
