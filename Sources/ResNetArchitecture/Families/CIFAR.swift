extension KeyFamily {
  /// The two repositories from which most CIFAR networks come: torchvision's names, except `linear` for the
  /// classifier and `shortcut` for shortcuts with weights.
  ///
  /// Sources: akamaster/pytorch_resnet_cifar10, resnet.py (shortcuts without weights, three stages);
  /// kuangliu/pytorch-cifar, models/resnet.py (projections, four stages).
  static let cifar = KeyFamily(
    name: "CIFAR", landmarks: [Landmarks("conv1.weight", "layer1.0.conv1.weight")],
    companions: ["linear.weight"],
    meaning: { key in
      if let leaf = key.removing("linear.") { return .leaf("fc.\(leaf)") }
      guard let path = KeyPath(key), path.components.count == 5, path.components[2] == "shortcut" else {
        return .leaf(key)
      }
      return .leaf("\(path.head).\(path.components[1]).downsample.\(path.components[3]).\(path.leaf)")
    },
    conventions: { surroundings in
      // Other networks call their classifier `linear` too.
      guard surroundings.shapes["conv1.weight"]?.dropFirst(2) == [3, 3] else {
        return Conventions(channels: .rgb)
      }
      // Both have one form only, in which nothing is left to choose.
      let stages = surroundings.shapes["layer4.0.conv1.weight"] == nil ? 3 : 4
      var conventions = Conventions(
        strideOn: .conv2, dilations: Array(repeating: 1, count: stages), epsilon: 1e-5, channels: .rgb)
      (conventions.stem, conventions.pool) = (.conv3x3, Conventions.PoolChoice.none)
      conventions.strides = [1] + Array(repeating: 2, count: stages - 1)
      return conventions
    })
}
