extension KeyFamily {
  /// torchvision's own names, which are the canonical ones.
  ///
  /// Facebook's WSL, SSL and SWSL networks, timm's ResNets (deep stems and gates included), gluon's and the widely
  /// copied training scripts that replace `fc` or drop it use the same names. So do the encoders of segmentation and
  /// detection networks, whose other parts stand beside the prefix.
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
      // FCN and DeepLabV3 keep an output stride of 8; the encoder is `backbone.`, the heads stand beside it.
      let isSegmentation = surroundings.isEncoder(ofNetworkWith: ["classifier.0.", "classifier.4."])
      return Conventions(dilations: isSegmentation ? [1, 1, 2, 4] : nil, channels: .rgb)
    })
}

extension Surroundings {
  /// True when the network stands under `backbone.` and one of these keys beside that.
  func isEncoder(ofNetworkWith keys: [String]) -> Bool {
    guard prefix.hasSuffix("backbone.") else { return false }
    let outside = prefix.dropLast("backbone.".count)
    return keys.contains { self.keys.contains(outside + $0) }
  }
}
