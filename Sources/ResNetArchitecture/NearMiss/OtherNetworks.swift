/// Guesses what a file without a ResNet contains, from its names.
public enum OtherNetworks {
  /// Substrings of names in other networks, most specific first.
  private static let marks: [(mark: String, name: String)] = [
    ("denseblock1.", "a DenseNet"), ("Conv2d_1a_3x3.", "an Inception network"),
    ("Mixed_5b.", "an Inception network"),
    ("attn.qkv.", "a vision transformer"), ("self_attn.", "a transformer"),
    ("attention.self.query.", "a transformer"), ("self_attention.", "a vision transformer"),
    ("trunk_output.block1.", "a RegNet"), ("_conv_stem.", "an EfficientNet"),
    ("conv_stem.", "an EfficientNet"),
    ("features.0.0.weight", "a MobileNet, an EfficientNet or a ConvNeXt"), (".gamma", "a ConvNeXt"),
    ("squeeze.weight", "a SqueezeNet"), ("root.conv.", "a BiT ResNet with GroupNorm"),
    ("down1.", "a U-Net"), ("inc.double_conv.", "a U-Net"),
    ("layer0.conv1.", "Cadene's squeeze-and-excitation network"),
    ("features.0.weight", "a VGG network or an AlexNet"), ("exp_avg", "an optimizer's state"),
    ("momentum_buffer", "an optimizer's state"),
  ]

  /// `a DenseNet (features.denseblock1.…)`; nil if the names match nothing known.
  public static func guess(_ names: Set<String>) -> String? {
    for (mark, name) in marks {
      if let found = names.lazy.filter({ $0.contains(mark) }).min() { return "\(name) (\(found))" }
    }
    return nil
  }
}
