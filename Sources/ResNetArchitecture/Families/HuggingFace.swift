extension KeyFamily {
  /// Hugging Face's `ResNetModel` and `ResNetForImageClassification`, safetensors or pickled.
  ///
  /// They have no groups, deep stem or pooling in shortcuts. The configuration, which is another file, may
  /// put the stride on the first 1×1 (`downsample_in_bottleneck`) or add one to the first stage
  /// (`downsample_in_first_stage`); the published networks do neither.
  ///
  /// Source: transformers/models/resnet/modeling_resnet.py.
  static let huggingFace = KeyFamily(
    name: "Hugging Face",
    landmarks: [
      Landmarks(
        "resnet.embedder.embedder.convolution.weight",
        "resnet.encoder.stages.0.layers.0.layer.0.convolution.weight"),
      Landmarks(
        "embedder.embedder.convolution.weight", "encoder.stages.0.layers.0.layer.0.convolution.weight"),
    ],
    meaning: { key in .leaf(huggingFaceName(key.removing("resnet.") ?? key) ?? key) },
    conventions: { _ in Conventions(channels: .rgb) })

  private static func huggingFaceName(_ key: String) -> String? {
    guard let path = KeyPath(key) else { return nil }
    let parts = path.components
    func unit(_ kind: Substring, _ convolution: String, _ norm: String) -> String? {
      switch kind {
      case "convolution": "\(convolution).\(path.leaf)"
      case "normalization": "\(norm).\(path.leaf)"
      default: nil
      }
    }
    switch (parts[0], parts.count) {
    case ("embedder", 4) where parts[1] == "embedder": return unit(parts[2], "conv1", "bn1")
    case ("classifier", 3) where parts[1] == "1": return "fc.\(path.leaf)"
    case ("encoder", 8...9):
      guard parts[1] == "stages", parts[3] == "layers", let stage = Int(parts[2]), (0..<8).contains(stage)
      else { return nil }
      let block = "layer\(stage + 1).\(parts[4])"
      if parts.count == 8, parts[5] == "shortcut" {
        return unit(parts[6], "\(block).downsample.0", "\(block).downsample.1")
      }
      guard parts.count == 9, parts[5] == "layer", let place = Int(parts[6]), (0..<3).contains(place) else {
        return nil
      }
      return unit(parts[7], "\(block).conv\(place + 1)", "\(block).bn\(place + 1)")
    default: return nil
    }
  }
}
