extension KeyFamily {
  /// Facebook's pycls: `s1.b1.f.a` is the first convolution of the first block of the first stage.
  ///
  /// Source: facebookresearch/pycls, pycls/models/resnet.py.
  static let pycls = KeyFamily(
    name: "pycls", landmarks: [Landmarks("stem.conv.weight", "s1.b1.f.a.weight")],
    meaning: { key in
      guard let path = KeyPath(key) else { return .leaf(key) }
      switch path.components.dropLast().joined(separator: ".") {
      case "stem.conv": return .leaf("conv1.\(path.leaf)")
      case "stem.bn": return .leaf("bn1.\(path.leaf)")
      case "head.fc": return .leaf("fc.\(path.leaf)")
      default: return .leaf(pyclsName(path) ?? key)
      }
    })

  /// `s2.b1.f.b_bn.weight` -> `layer2.0.bn2.weight`, `s2.b1.proj.weight` -> `layer2.0.downsample.0.weight`.
  private static func pyclsName(_ path: KeyPath) -> String? {
    guard path.components.count >= 4, path.head.first == "s", path.components[1].first == "b",
      let stage = Int(path.head.dropFirst()), let block = Int(path.components[1].dropFirst()), block > 0
    else { return nil }
    let parts = [
      "proj": "downsample.0", "bn": "downsample.1", "f.a": "conv1", "f.a_bn": "bn1", "f.b": "conv2",
      "f.b_bn": "bn2", "f.c": "conv3", "f.c_bn": "bn3",
    ]
    let inside = path.components.dropFirst(2).dropLast().joined(separator: ".")
    return parts[inside].map { "layer\(stage).\(block - 1).\($0).\(path.leaf)" }
  }
}
