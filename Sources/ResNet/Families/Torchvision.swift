extension KeyFamily {
  /// torchvision's own names, which are the canonical ones.
  ///
  /// Facebook's WSL, SSL and SWSL networks, timm's `resnext*_{32x4d,32x8d,64x4d}`, gluon's and the widely copied
  /// training scripts that replace `fc` or drop it use the same names.
  static let torchvision = KeyFamily(
    name: "torchvision", anchor: "conv1.weight", witness: "layer1.0.conv1.weight", canonical: { $0 })
}
