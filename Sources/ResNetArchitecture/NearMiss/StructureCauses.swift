// Structural causes: parts of other networks, missing or extra stages and blocks.

extension NearMiss {
  /// Substrings of names that occur only in relatives of ResNets.
  private static let variants: [(mark: String, name: String)] = [
    (".convs.", "Res2Net's split convolutions"), (".conv2.conv.", "ResNeSt's split attention"),
    (".conv2.fc1.", "ResNeSt's split attention"),
    (".cbam.", "CBAM's attention"), (".ca.", "CBAM's attention"), (".sa.", "CBAM's attention"),
    (".conv2_offset.", "a deformable convolution"), (".IN.", "IBN's instance normalization"),
    ("attnpool.", "CLIP's attention pooling"), (".filt", "an antialiased network's blur"),
    (".weight_g", "weight normalization"),
    ("weight_orig", "a parametrized (pruned or spectrally normalized) weight"),
    (".parametrizations.", "a parametrized weight that cannot be folded"),
    ("._packed_params", "a quantized module"),
    (".ibn.", "IBN's instance normalization"), ("lora_", "a LoRA adapter"), (".ctx.", "a context module"),
  ]

  static func variantCause(_ evidence: Evidence) -> String? {
    for (mark, name) in variants {
      guard let found = evidence.first({ $0.contains(mark) }) else { continue }
      // The tree may have the part, in which case it is not foreign.
      if let fit = evidence.fit, !fit.unexpected.contains(found) { continue }
      return "\(found) is \(name), which is another network"
    }
    return nil
  }

  static func stemCause(_ evidence: Evidence) -> String? {
    guard let shape = evidence.shapes["conv1.weight"] else {
      guard evidence.shapes["conv1.0.weight"] == nil else { return nil }
      return "the stem is missing: there is no conv1.weight"
    }
    guard shape.count == 4 else { return "conv1.weight has \(shape.count) dimensions; a convolution has 4" }
    if shape[0] == shape[1], [3, 7].contains(shape[0]), shape[2] == 3 {
      return
        "conv1.weight is \(shape): height, width, in, out, which is TensorFlow's order; PyTorch's is "
        + "out, in, height, width"
    }
    // A 3×3 convolution of three channels has the same shape in either order.
    if shape[1] == shape[2], shape[1] == 7, shape[3] == 3 {
      return "conv1.weight is \(shape): the channels come last; PyTorch's order is out, in, height, width"
    }
    // Only the kernels of the first block tell that of a 3×3 stem.
    for name in ["layer1.0.conv1.weight", "layer1.0.conv2.weight"] {
      guard let kernel = evidence.shapes[name], kernel.count == 4, kernel[1] == 3, kernel[2] == 3,
        kernel[3] != 3
      else { continue }
      return "\(name) is \(kernel): the channels come last; PyTorch's order is out, in, height, width"
    }
    guard shape[2] == shape[3] else {
      return "conv1 is \(shape[2])×\(shape[3]); in a ResNet its kernel is square"
    }
    return nil
  }

  static func stageCause(_ evidence: Evidence) -> String? {
    let stages = evidence.blocks.keys.sorted()
    guard let last = stages.last else { return "there are no blocks: no key starts with layer1" }
    for stage in 1..<last where !stages.contains(stage) {
      return "layer\(stage) is missing, although layer\(last) exists"
    }
    let isSmall = evidence.shapes["conv1.weight"]?.dropFirst(2) == [3, 3]
    guard let tree = evidence.tree else {
      guard !isSmall else { return nil }
      if last < 4 { return "layer\(last + 1) is missing: there are only \(last) of 4 stages" }
      return last > 4 ? "there is a layer5, although a ResNet has 4 stages" : nil
    }
    let expected = tree.architecture.layers.count
    if last < expected {
      return "layer\(last + 1) is missing: there are only \(last) of \(expected) stages"
    }
    return last > expected
      ? "there is a layer\(expected + 1), although \(tree.architecture.name) has \(expected) stages" : nil
  }

  static func blockCause(_ evidence: Evidence) -> String? {
    for (stage, found) in evidence.blocks.sorted(by: { $0.key < $1.key }) {
      let counted = (found.max() ?? 0) + 1
      let layers = evidence.tree?.architecture.layers ?? []
      let expected = layers.indices.contains(stage - 1) ? layers[stage - 1] : counted
      // If there are blocks beyond a gap, the gap is the cause, whatever the expected number.
      let total = max(counted, expected)
      let missing = (0..<min(total, 9999)).filter { !found.contains($0) }
      if !missing.isEmpty, counted <= expected || found.count < counted {
        let names = missing.prefix(3).map { "layer\(stage).\($0)" }.joined(separator: ", ")
        let more = missing.count > 3 ? " and \(missing.count - 3) more" : ""
        return "layer\(stage) has \(found.count) of \(total) blocks: \(names)\(more) "
          + (missing.count == 1 ? "is missing" : "are missing")
      }
      if counted > expected, let tree = evidence.tree {
        return "layer\(stage) has \(counted) blocks; \(tree.architecture.name) has \(expected)"
      }
    }
    return nil
  }

  /// Stages that are swapped, or whose channels do not double.
  static func orderCause(_ evidence: Evidence) -> String? {
    let stages = evidence.blocks.keys.sorted()
    let isBottleneck = evidence.shapes["layer1.0.conv3.weight"] != nil
    let last = isBottleneck ? "conv3" : "conv2"
    let channels = stages.map { evidence.shapes["layer\($0).0.\(last).weight"]?.first ?? 0 }
    // The bound prevents overflow, whatever a file claims.
    guard let least = channels.min(), least > 0, channels.allSatisfy({ $0 <= 1 << 20 }), stages.count < 16
    else { return nil }
    let expected = stages.indices.map { least << $0 }
    guard channels != expected else { return nil }
    if channels.sorted() == expected {
      let moved = stages.indices.filter { channels[$0] != expected[$0] }
      let what = moved.map { "layer\(stages[$0]) has \(channels[$0]) channels" }.joined(separator: ", ")
      return "stages are swapped: \(what)"
    }
    for (index, stage) in stages.enumerated().dropFirst() where channels[index] != 2 * channels[index - 1] {
      return "layer\(stage) has \(channels[index]) channels instead of \(2 * channels[index - 1]), "
        + "twice those of layer\(stage - 1)"
    }
    return nil
  }
}
