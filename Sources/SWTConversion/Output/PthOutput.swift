internal import PthReader
internal import PthWriter
internal import SWT
internal import SWTBytes
internal import SWTTensors

/// Writes a draft as a checkpoint for PyTorch, with the names and values that it has as safetensors.
///
/// Only tensors are written: a state dict has no place for metadata, so nothing in it says how values were
/// folded or quantized.
enum PthOutput {
  /// - Returns: Size of the file in bytes.
  /// - Throws: ``WriteFailure``, ``ParseFailure`` or ``ConversionFailure``; a previous file is then
  ///   unchanged.
  static func write(
    _ draft: Draft, from source: ConversionSource, to output: String, _ options: ConversionOptions
  ) throws -> Int {
    var shared = Sharing()
    let tensors = zip(draft.contents.tensors, draft.values).map { spec, value in
      let (type, shape, strides) = form(spec)
      return PthWriter.Tensor(
        name: spec.name, type: type, shape: shape, strides: strides,
        sharing: source.stored == nil ? shared.number(of: value) : nil
      ) { sink in try value.forEachWindow(of: source.file, sink) }
    }
    return try PthWriter.write(
      tensors, to: output, replacesExisting: options.replacesExisting, followsLinks: options.followsLinks
    ) { try source.requireUnchanged() }
  }

  /// What PyTorch cannot do with the tensors as they are, as sentences.
  static func losses(_ draft: Draft) -> [String] {
    var losses: [String] = []
    if draft.contents.metadata["arch.bn"] == .text("folded") {
      losses.append(
        "BatchNorm is folded into the convolutions and cannot be restored: the names are those of a network "
          + "whose convolutions have biases")
    }
    let quantized = draft.contents.tensors.count { $0.quantization != nil }
    if quantized > 0 {
      losses.append(
        "\(quantized) tensors are integers without their quantization, which a state dict cannot describe: "
          + "multiply them by their scales")
    }
    return losses
  }

  /// Type, shape and strides of a tensor in the file; bytes if PyTorch lacks the type.
  private static func form(_ spec: SWTTensorSpec) -> (ScalarType, [Int], [Int]?) {
    guard let type = spec.dtype.scalarType, PthWriter.holds(type) else {
      return (.uint8, [SWTFormat.byteCount(spec.shape, spec.dtype) ?? 0], nil)
    }
    guard let order = spec.dimOrder else { return (type, spec.shape, nil) }
    // The data stays in its order; the strides make it the tensor that PyTorch had.
    let steps = StridedLayout.contiguousStrides(order.map { spec.shape[$0] })
    var strides = spec.shape
    for (place, dimension) in order.enumerated() { strides[dimension] = steps[place] }
    return (type, spec.shape, strides)
  }

  /// Tensors that are the same view of one storage share their data in the output too.
  private struct Sharing {
    private struct View: Hashable {
      /// The object: several files of one checkpoint number their storages alike.
      let storage: ObjectIdentifier
      let offset: Int
      let shape: [Int]
      let strides: [Int]
      let type: ScalarType
      let bits: [Bool]
    }

    private var numbers: [View: Int] = [:]

    mutating func number(of value: ValueSource) -> Int? {
      guard case .entry(let entry) = value else { return nil }
      let view = View(
        storage: ObjectIdentifier(entry.storage), offset: entry.layout.offset, shape: entry.layout.shape,
        strides: entry.layout.strides, type: entry.scalarType, bits: [entry.isConjugated, entry.isNegated])
      if let known = numbers[view] { return known }
      numbers[view] = numbers.count
      return numbers.count - 1
    }
  }
}
