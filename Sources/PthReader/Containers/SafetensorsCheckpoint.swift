internal import SWTBytes
internal import SWTTensorFiles
internal import SWTTensors

/// Safetensors files read as checkpoints.
enum SafetensorsCheckpoint {
  static func read(_ source: any ByteSource, limits: ParseLimits) throws(ParseFailure) -> Checkpoint {
    let file = try SafetensorsFile(source, limits: limits)
    var checkpoint = Checkpoint(container: .safetensors, byteCount: source.byteCount)
    checkpoint.metadata = file.metadata.pairs.map { ($0.key, $0.value) }
    for (index, entry) in file.tensors.enumerated() {
      try limits.check(.nameBytes, entry.name.utf8.count)
      let storage = Storage(
        id: index, byteCount: entry.byteCount, source: try file.source(of: entry), label: entry.name)
      let layout = try StridedLayout(shape: entry.shape, strides: nil)
      try checkpoint.add(
        try TensorEntry.checked(scalarType: entry.type, layout: layout, storage: storage, limits: limits),
        path: [.key(entry.name)], limits: limits)
    }
    for tensor in file.foreign { checkpoint.skip(tensor.name, tensor.reason) }
    return checkpoint
  }
}
