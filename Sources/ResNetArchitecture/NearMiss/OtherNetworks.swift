/// Guesses what a file without a ResNet contains, from its names.
public enum OtherNetworks {
  /// Substrings of names in other networks, most specific first.
  private static let marks: [(mark: String, name: String)] = [
    (".weight_fake_quant.", "a network in quantization-aware training"),
    (".activation_post_process.", "a network prepared for quantization, with observers"),
    ("_packed_params", "a quantized network"),
    ("denseblock1.", "a DenseNet"), ("Conv2d_1a_3x3.", "an Inception network"),
    ("Mixed_5b.", "an Inception network"),
    ("embeddings.patch_embeddings.", "a vision transformer"),
    ("embeddings.cls_token", "a vision transformer"),
    ("attn.qkv.", "a vision transformer"), ("self_attn.", "a transformer"),
    ("attention.self.query.", "a transformer"), ("self_attention.", "a vision transformer"),
    ("trunk_output.block1.", "a RegNet"), ("_conv_stem.", "an EfficientNet"),
    ("conv_stem.", "an EfficientNet"),
    ("features.0.0.weight", "a MobileNet, an EfficientNet or a ConvNeXt"), (".gamma", "a ConvNeXt"),
    ("squeeze.weight", "a SqueezeNet"), ("root.conv.", "a BiT ResNet with GroupNorm"),
    ("down1.", "a U-Net"), ("inc.double_conv.", "a U-Net"),
    ("layer1.0.conv1.0.bias", "a network whose BatchNorm is folded into its convolutions (fuse_modules)"),
    ("features.0.weight", "a VGG network or an AlexNet"), ("exp_avg", "an optimizer's state"),
    ("momentum_buffer", "an optimizer's state"),
  ]

  /// The marks' bytes, by their first one.
  private static let byFirst: [[(place: Int, bytes: [UInt8])]] = {
    var table = [[(place: Int, bytes: [UInt8])]](repeating: [], count: 256)
    for (place, mark) in marks.enumerated() {
      let bytes = Array(mark.mark.utf8)
      table[Int(bytes[0])].append((place, bytes))
    }
    return table
  }()

  /// `a DenseNet (features.denseblock1.…)`; nil if the names match nothing known.
  ///
  /// One pass over the bytes of all names: a file may have a hundred thousand.
  public static func guess(_ names: Set<String>) -> String? {
    var found = [String?](repeating: nil, count: marks.count)
    var last = marks.count
    for name in names {
      let bytes = Array(name.utf8)
      for (at, byte) in bytes.enumerated() {
        for (place, mark) in byFirst[Int(byte)] where place < last || place == last {
          guard bytes.count - at >= mark.count, bytes[at..<at + mark.count].elementsEqual(mark) else {
            continue
          }
          // Only the most specific mark counts, so those after it need no search.
          last = min(last, place)
          if found[place].map({ name < $0 }) ?? true { found[place] = name }
        }
      }
    }
    return last < marks.count ? found[last].map { "\(marks[last].name) (\($0))" } : nil
  }
}
