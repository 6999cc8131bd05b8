extension KeyFamily {
  /// torchvision's names, which are the canonical ones.
  ///
  /// The same names are used by Facebook's WSL, SSL and SWSL networks, timm's ResNets (including deep stems
  /// and gates), gluon's, and the widely copied training scripts that replace or drop `fc`; also by the
  /// encoders of segmentation and detection networks, whose other parts are outside the prefix.
  ///
  /// Sources: torchvision/models/resnet.py; timm/models/resnet.py.
  static let torchvision = KeyFamily(
    name: "torchvision",
    landmarks: [
      Landmarks("conv1.weight", "layer1.0.conv1.weight"),
      Landmarks("conv1.0.weight", "layer1.0.conv1.weight"),
    ],
    meaning: { key in
      switch key.split(separator: ".").first {
      case "projection_head", "prototypes": .leftOut("SwAV's head, which is for training")
      default: .leaf(key)
      }
    },
    conventions: { surroundings in
      Conventions(dilations: surroundings.isSegmentation ? [1, 1, 2, 4] : nil, channels: .rgb)
    })
}

extension Surroundings {
  /// Whether this is the encoder of torchvision's FCN or DeepLabV3, which keep an output stride of 8: it is
  /// under `backbone.`, next to a classifier that starts with convolutions.
  ///
  /// Source: torchvision/models/segmentation, `replace_stride_with_dilation=[False, True, True]`.
  fileprivate var isSegmentation: Bool {
    guard prefix.hasSuffix("backbone.") else { return false }
    let outside = prefix.dropLast("backbone.".count)
    let first = shape("\(outside)classifier.0.weight") ?? shape("\(outside)classifier.0.convs.0.0.weight")
    return first?.count == 4 && shape("\(outside)classifier.4.weight")?.count == 4
  }
}
