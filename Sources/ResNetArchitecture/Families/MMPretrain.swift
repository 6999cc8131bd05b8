extension KeyFamily {
  /// OpenMMLab: mmpretrain, formerly mmcls, and the backbones of mmdet and mmseg.
  ///
  /// The network has torchvision's names under `backbone.`; the classifier is `head.fc`. V1c and V1d have a
  /// deep stem `stem`, whose layers are `stem.0.conv`, `stem.0.bn` in mmpretrain and numbered consecutively
  /// in mmdet and mmseg. V1d's shortcuts have average pooling where there is a stride, which shifts the
  /// indices there but not in the first stage. With `style='caffe'` in the configuration, the stride is on
  /// the first 1×1.
  ///
  /// Sources: mmpretrain/models/backbones/resnet.py; mmdet/models/backbones/resnet.py.
  static let mmpretrain = KeyFamily(
    name: "mmpretrain",
    landmarks: [
      Landmarks("backbone.stem.0.conv.weight", "backbone.layer1.0.conv1.weight"),
      Landmarks("backbone.stem.0.weight", "backbone.layer1.0.conv1.weight"),
      Landmarks("backbone.conv1.weight", "backbone.layer1.0.conv1.weight"),
      Landmarks("stem.0.conv.weight", "layer1.0.conv1.weight"),
      Landmarks("stem.0.weight", "layer1.0.conv1.weight"),
    ],
    companions: ["head.fc.weight", "backbone.stem.", "stem."] + mmDetectors,
    meaning: { key in
      if let leaf = key.removing("head.fc.") { return .leaf("fc.\(leaf)") }
      if let inside = key.removing("backbone.") { return .leaf(mmName(inside) ?? inside) }
      if key.hasPrefix("stem.") || key.hasPrefix("layer") { return .leaf(mmName(key) ?? key) }
      return isClassifier(key) ? .leaf(key) : .foreign
    },
    conventions: { surroundings in
      // Detectors' configurations differ in channel order and scale; mmpretrain's do not.
      surroundings.has("head.fc.weight")
        ? Conventions(channels: .rgb, preprocessing: .imageNet.scaled(to: 255)) : Conventions()
    },
    renames: { shapes in
      // If any shortcut starts with pooling, those without a stride get an index for it too, as in timm.
      guard shapes.contains(where: { $0.key.hasSuffix(".0.downsample.1.weight") && $0.value.count == 4 })
      else {
        return [:]
      }
      var renames: [String: String] = [:]
      for (name, shape) in shapes where name.hasSuffix(".0.downsample.0.weight") && shape.count == 4 {
        let shortcut = name.dropLast("0.weight".count)
        for other in shapes.keys where other.hasPrefix(shortcut) {
          let rest = other.dropFirst(shortcut.count)
          guard let digit = rest.first.flatMap({ Int(String($0)) }) else { continue }
          renames[other] = "\(shortcut)\(digit + 1)\(rest.dropFirst())"
        }
      }
      return renames
    })

  /// Prefixes of the other parts of detectors and segmenters.
  private static let mmDetectors = [
    "neck.", "bbox_head.", "rpn_head.", "roi_head.", "mask_head.", "decode_head.", "auxiliary_head.",
    "panoptic_head.",
  ]

  private static func mmName(_ key: String) -> String? { mmStem(key) ?? mmGate(key) }

  /// `layer1.0.se_layer.conv1.conv.weight` is timm's `layer1.0.se.fc1.weight`.
  private static func mmGate(_ key: String) -> String? {
    guard let parts = KeyPath(key)?.parts(6), parts[2] == "se_layer", parts[4] == "conv",
      ["conv1", "conv2"].contains(parts[3])
    else { return nil }
    return "\(parts[0]).\(parts[1]).se.fc\(parts[3].suffix(1)).\(parts[5])"
  }

  /// `stem.0.conv.weight` and `stem.0.weight` are timm's `conv1.0.weight`.
  private static func mmStem(_ key: String) -> String? {
    guard let path = KeyPath(key), path.head == "stem", let place = Int(path.components[1]) else {
      return nil
    }
    let units = [("conv1.0", "conv1.1"), ("conv1.3", "conv1.4"), ("conv1.6", "bn1")]
    if let parts = path.parts(4), units.indices.contains(place) {
      return parts[2] == "conv" ? "\(units[place].0).\(parts[3])" : "\(units[place].1).\(parts[3])"
    }
    guard path.components.count == 3, units.indices.contains(place / 3), place % 3 < 2 else { return nil }
    return place % 3 == 0 ? "\(units[place / 3].0).\(path.leaf)" : "\(units[place / 3].1).\(path.leaf)"
  }
}
