extension KeyFamily {
  /// ResNeXts converted from Lua Torch, in which every container is numbered.
  ///
  /// Source: pretrainedmodels/models/resnext_features/resnext101_32x4d_features.py. Its pooling is a fixed
  /// 7×7, which equals global pooling only at 224×224.
  static let cadene = KeyFamily(
    name: "Cadene",
    landmarks: [Landmarks("features.0.weight", "features.4.0.0.0.0.0.weight")],
    meaning: { key in
      guard let path = KeyPath(key) else { return .leaf(key) }
      switch path.head {
      case "last_linear": return .leaf("fc.\(path.leaf)")
      case "features": return .leaf(cadeneName(path) ?? key)
      default: return .leaf(key)
      }
    },
    conventions: { _ in Conventions(channels: .rgb, preprocessing: .imageNet) })

  /// `features.5.0.0.0.0.3.weight` is the second convolution of the first block of the second stage.
  private static func cadeneName(_ path: KeyPath) -> String? {
    let numbers = path.components.dropFirst().dropLast().compactMap { Int($0) }
    guard numbers.count == path.components.count - 2, let place = numbers.first else { return nil }
    switch (place, numbers.count) {
    case (0, 1): return "conv1.\(path.leaf)"
    case (1, 1): return "bn1.\(path.leaf)"
    case (4...7, 4...):
      let block = "layer\(place - 3).\(numbers[1])"
      let inside = Array(numbers[2...])
      let part: String? =
        switch inside {
        case [0, 0, 0, 0]: "conv1"
        case [0, 0, 0, 1]: "bn1"
        case [0, 0, 0, 3]: "conv2"
        case [0, 0, 0, 4]: "bn2"
        case [0, 0, 1]: "conv3"
        case [0, 0, 2]: "bn3"
        case [0, 1, 0]: "downsample.0"
        case [0, 1, 1]: "downsample.1"
        default: nil
        }
      return part.map { "\(block).\($0).\(path.leaf)" }
    default: return nil
    }
  }

  /// torchvision's networks as modified by the same library: the classifier is `last_linear`.
  ///
  /// Source: pretrainedmodels/models/torchvision_models.py, `modify_resnets`.
  static let cadeneTorchvision = KeyFamily(
    name: "Cadene's torchvision",
    landmarks: [Landmarks("conv1.weight", "layer1.0.conv1.weight")], companions: ["last_linear.weight"],
    meaning: { key in
      guard let path = KeyPath(key), path.head == "last_linear" else { return .leaf(key) }
      return .leaf("fc.\(path.leaf)")
    },
    conventions: { _ in Conventions(channels: .rgb) })
}
