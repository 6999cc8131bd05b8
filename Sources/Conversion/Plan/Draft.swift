internal import PthReader
internal import SWT
internal import SWTBytes
internal import SWTChecksums
internal import SWTDigests

/// A file about to be written: all that it says, and where the bytes of each tensor come from.
struct Draft {
  var contents = SWTContents()
  /// One for each of the contents' tensors.
  var values: [ValueSource] = []
  /// Layers that stayed wider than the precision asked for.
  var wideLayers: [String] = []

  /// Appends a tensor; its receipt goes with it, unless receipts were dropped.
  mutating func append(_ spec: SWTTensorSpec, _ source: ValueSource, _ receipt: SWTReceipt = .untouched) {
    // A file has a receipt for each tensor or none at all.
    if contents.receipts.count == contents.tensors.count { contents.receipts.append(receipt) }
    contents.tensors.append(spec)
    values.append(source)
  }

  /// Appends a tensor whose bytes are in memory; hashes them.
  mutating func append(_ spec: SWTTensorSpec, _ bytes: [UInt8], _ receipt: SWTReceipt = .untouched) {
    var spec = spec
    spec.sha256 = SystemDigests().sha256(bytes)
    append(spec, .bytes(bytes), receipt)
  }

  /// Leaves out receipts that say nothing.
  mutating func dropEmptyReceipts() {
    if contents.receipts.allSatisfy({ $0 == .untouched }) { contents.receipts = [] }
  }

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
enum ValueSource {
  case entry(TensorEntry)
  case transform(WeightTransform)
  case bytes([UInt8])

  /// Hands all bytes to `body`, in windows of at most 4 MiB.
  ///
  /// - Throws: What `body` throws; ``ParseFailure`` or ``ConversionFailure`` when the values cannot be read or stored.
  func forEachWindow(file: String, limits: ParseLimits, _ body: ([UInt8]) throws -> Void) throws {
    switch self {
    case .entry(let entry): try entry.forEachWindow(limits: limits) { window in try body(window) }
    case .transform(let transform):
      var error = RoundingError()
      try transform.forEachWindow(file: file, limits: limits, error: &error, body)
    case .bytes(let bytes): try body(bytes)
    }
  }
}
