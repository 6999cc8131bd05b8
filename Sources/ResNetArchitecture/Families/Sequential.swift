extension KeyFamily {
  /// `nn.Sequential(*list(resnet.children())[:-1])`: torchvision's layers by index, without the classifier.
  ///
  /// Names do not show whether the pooling after the last stage is included, because it has no weights.
  static let sequential = KeyFamily(
    name: "torchvision's children", landmarks: [Landmarks("0.weight", "4.0.conv1.weight")],
    meaning: { key in
      guard let path = KeyPath(key), let place = Int(path.head) else { return .leaf(key) }
      let rest = path.components.dropFirst().joined(separator: ".")
      switch place {
      case 0: return .leaf("conv1.\(rest)")
      case 1: return .leaf("bn1.\(rest)")
      case 4...7: return .leaf("layer\(place - 3).\(rest)")
      case 9: return .leaf("fc.\(rest)")
      default: return .leaf(key)
      }
    },
    conventions: { _ in Conventions(channels: .rgb) })
}
