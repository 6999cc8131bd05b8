extension KeyFamily {
  /// detectron2's ResNets: under `backbone.` if a C4 head has the last stage, under `backbone.bottom_up.`
  /// with a feature pyramid, or alone.
  ///
  /// Its defaults for R-50 and R-101 are those of the networks published by MSRA: BGR channels with values of
  /// 0…255, of which only the mean is subtracted, and the stride on the first 1×1. Grouped networks come from
  /// Facebook: stride on the 3×3, and a standard deviation. A configuration, which is another file, may
  /// override this. If the checkpoint has `pixel_mean` and `pixel_std`, as those of the model zoo do, they
  /// decide: a standard deviation of 1 means MSRA's networks, whose first convolution has it folded in, and
  /// the larger mean is red's.
  ///
  /// Sources: detectron2/modeling/backbone/resnet.py; detectron2/config/defaults.py (`PIXEL_MEAN`,
  /// `PIXEL_STD`, `RESNETS.STRIDE_IN_1X1`, `INPUT.FORMAT`);
  /// configs/COCO-InstanceSegmentation/mask_rcnn_X_101_32x8d_FPN_3x.yaml.
  static let detectron2 = KeyFamily(
    name: "detectron2",
    landmarks: [
      Landmarks("backbone.bottom_up.stem.conv1.weight", "backbone.bottom_up.res2.0.conv1.weight"),
      Landmarks("backbone.stem.conv1.weight", "backbone.res2.0.conv1.weight"),
      Landmarks("stem.conv1.weight", "res2.0.conv1.weight"),
    ],
    meaning: { key in
      for start in ["backbone.bottom_up.", "backbone."] {
        guard let inside = key.removing(start) else { continue }
        if let name = detectron2Name(inside) { return .leaf(name) }
        // The pyramid's own convolutions are `fpn_lateral2`, `top_block.p6` and the like.
        return inside.hasPrefix("res") || inside.hasPrefix("stem.") ? .leaf(key) : .foreign
      }
      if let inside = key.removing("roi_heads."), inside.hasPrefix("res5.") {
        return detectron2Name(inside).map { .leaf($0) } ?? .foreign
      }
      if let name = detectron2Name(key) { return .leaf(name) }
      if key == "pixel_mean" || key == "pixel_std" {
        return .leftOut("detectron2's preprocessing")
      }
      return isClassifier(key) ? .leaf(key) : .foreign
    },
    conventions: { surroundings in
      var pixels = surroundings.isGrouped ? Preprocessing.facebookBGR : .msraBGR
      if let mean = surroundings.values("\(surroundings.prefix)pixel_mean"), mean.count == 3,
        let deviation = surroundings.values("\(surroundings.prefix)pixel_std"), deviation.count == 3
      {
        pixels = Preprocessing(
          channels: mean[0] > mean[2] ? .rgb : .bgr, scale: 1, mean: mean, standardDeviation: deviation)
      }
      let isMSRA = pixels.standardDeviation == [1, 1, 1]
      // `RES5_DILATION` applies to every block of the stage.
      return Conventions(
        strideOn: isMSRA ? .conv1 : .conv2, contractsDilation: false, channels: pixels.channels,
        preprocessing: pixels)
    })

  /// The canonical name of a key of the bare backbone.
  static func detectron2Name(_ key: String) -> String? {
    guard let path = KeyPath(key) else { return nil }
    let parts = path.components
    if parts[0] == "linear", parts.count == 2 { return "fc.\(path.leaf)" }
    if parts[0] == "stem", parts.count > 2, parts[1] == "conv1" {
      if parts.count == 3 { return "conv1.\(path.leaf)" }
      return parts.count == 4 && parts[2] == "norm" ? "bn1.\(path.leaf)" : nil
    }
    guard parts.count >= 4, parts[0].hasPrefix("res"), let stage = Int(parts[0].dropFirst(3)),
      (2...9).contains(stage),
      Int(parts[1]) != nil
    else { return nil }
    let block = "layer\(stage - 1).\(parts[1])"
    let isNorm = parts.count == 5 && parts[3] == "norm"
    guard isNorm || parts.count == 4 else { return nil }
    if parts[2] == "shortcut" { return "\(block).downsample.\(isNorm ? 1 : 0).\(path.leaf)" }
    guard let number = parts[2].dropFirst(4).first, parts[2] == "conv\(number)", number.isNumber else {
      return nil
    }
    return "\(block).\(isNorm ? "bn" : "conv")\(number).\(path.leaf)"
  }

  /// torchvision's weights under detectron2's names, as written by `tools/convert-torchvision-to-d2.py`:
  /// arrays in a pickle, with the classifier as `stem.fc`. The stride is on the 3×3 and the channels are RGB.
  static let detectron2Import = KeyFamily(
    name: "detectron2's torchvision",
    landmarks: [Landmarks("stem.conv1.weight", "res2.0.conv1.weight")], companions: ["stem.fc.weight"],
    meaning: { key in
      if let leaf = key.removing("stem.fc.") { return .leaf("fc.\(leaf)") }
      return .leaf(detectron2Name(key) ?? key)
    },
    conventions: { _ in Conventions(channels: .rgb, preprocessing: .imageNet.scaled(to: 255)) })
}

extension Surroundings {
  /// Whether the 3×3 convolutions are grouped.
  var isGrouped: Bool {
    guard let shape = shapes["layer1.0.conv2.weight"], shape.count == 4,
      shapes["layer1.0.conv3.weight"] != nil
    else { return false }
    return shape[0] != shape[1]
  }
}
