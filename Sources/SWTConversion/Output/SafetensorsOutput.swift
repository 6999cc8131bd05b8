internal import ResNetArchitecture
internal import SWT
internal import SWTBytes
internal import SWTTensorFiles
internal import SWTTensors

/// Writes a draft as safetensors, for other tools; converting back loses nothing.
///
/// Metadata becomes text, with numbers and lists as JSON; ``StoredIndex`` has the rest. Types unknown to
/// safetensors become bytes, and tensors that are not row-major get the shape of their storage order.
enum SafetensorsOutput {
  /// - Returns: Size of the file in bytes.
  /// - Throws: ``WriteFailure``, ``ParseFailure`` or ``ConversionFailure``; a previous file is then
  ///   unchanged.
  static func write(
    _ draft: Draft, from source: ConversionSource, to output: String, _ options: ConversionOptions
  ) throws -> Int {
    let contents = draft.contents
    do {
      var pairs = contents.metadata.sorted { $0.key < $1.key }.map { ($0.key, $0.value.text) }
      pairs.append((StoredIndex.key, StoredIndex.text(contents)))
      let writer = try SafetensorsWriter(
        metadata: OrderedStrings(pairs),
        tensors: zip(contents.tensors, draft.values).map { spec, value in
          let (type, shape) = form(spec)
          return SafetensorsWriter.Tensor(name: spec.name, type: type, shape: shape) { sink in
            try value.forEachWindow(of: source.file) { window in
              try sink(unsafe window.withUnsafeBytes { unsafe Array($0) })
            }
          }
        })
      let file = try AtomicFile(
        path: output, replaceExisting: options.replacesExisting, followsLinks: options.followsLinks)
      try writer.write { piece in try file.write(piece) }
      try source.requireUnchanged()
      try file.commit()
      return file.position
    } catch let failure as ParseFailure {
      guard case .unsupported(let what) = failure.reason else { throw failure }
      throw ConversionFailure.architecture(
        (failure.context + [what]).joined(separator: ": "), .say("convert to .swt instead"))
    }
  }

  /// Type and shape of a tensor in the file.
  private static func form(_ spec: SWTTensorSpec) -> (ScalarType, [Int]) {
    guard let type = spec.dtype.scalarType, SafetensorsWriter.holds(type) else {
      return (.uint8, [SWTFormat.byteCount(spec.shape, spec.dtype) ?? 0])
    }
    return (type, spec.dimOrder.map { order in order.map { spec.shape[$0] } } ?? spec.shape)
  }
}
