extension KeyFamily {
  /// The squeeze-and-excitation networks converted from Caffe, also as encoders of
  /// segmentation_models.pytorch. Their pooling rounds up and has no padding; ResNets have the stride on the
  /// first 1×1, ResNeXts on the 3×3.
  ///
  /// SENet-154, whose stem has three convolutions and whose shortcuts are 3×3, does not fit the layer tree.
  ///
  /// Source: pretrainedmodels/models/senet.py.
  static let cadeneGated = KeyFamily(
    name: "Cadene's squeeze-and-excitation",
    landmarks: [Landmarks("layer0.conv1.weight", "layer1.0.conv1.weight")],
    meaning: { key in
      guard let path = KeyPath(key) else { return .leaf(key) }
      let rest = path.components.dropFirst().joined(separator: ".")
      switch path.head {
      case "last_linear": return .leaf("fc.\(rest)")
      case "layer0": return .leaf(rest)
      default:
        guard let parts = path.parts(5), parts[2] == "se_module" else { return .leaf(key) }
        return .leaf("\(parts[0]).\(parts[1]).se.\(parts[3]).\(parts[4])")
      }
    },
    conventions: { surroundings in
      let kernel = surroundings.shapes["layer1.0.conv2.weight"] ?? []
      let isGrouped = kernel.count == 4 && kernel[0] != kernel[1]
      var conventions = Conventions(
        strideOn: isGrouped ? .conv2 : .conv1, epsilon: 1e-5, channels: .rgb, preprocessing: .imageNet)
      conventions.stem = .conv7x7
      conventions.pool = .pool(.init(kernel: 3, stride: 2, padding: 0, ceilMode: true))
      // An encoder beside a decoder may be dilated.
      if surroundings.prefix.isEmpty || !surroundings.prefix.hasSuffix("encoder.") {
        (conventions.strides, conventions.dilations) = ([1, 2, 2, 2], [1, 1, 1, 1])
      }
      return conventions
    })
}
