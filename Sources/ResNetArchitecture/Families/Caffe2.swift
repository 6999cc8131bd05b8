extension KeyFamily {
  /// Detectron's pickles for Caffe2: `res2_0_branch2a_w`, arrays under `blobs` or at the top level.
  ///
  /// BatchNorm is stored as scale and shift with its statistics folded in (`tools/pickle_caffe_blobs.py` of
  /// Detectron divides by √(σ² + 1e-5)), so detectron2 uses a mean of 0 and a variance of 1 − ε. Convolutions
  /// may have biases, which neither Detectron nor detectron2 reads. MSRA's have the stride on
  /// the first 1×1, Facebook's grouped networks on the 3×3.
  ///
  /// Sources: detectron2/checkpoint/c2_model_loading.py, `convert_basic_c2_names`;
  /// detectron2/layers/batch_norm.py.
  static let caffe2 = KeyFamily(
    name: "Caffe2 Detectron", landmarks: [Landmarks("conv1_w", "res2_0_branch2a_w")], storesAffineOnly: true,
    meaning: { key in
      if key.hasSuffix("_momentum") { return .leftOut("the optimizer's") }
      let parts = key.split(separator: "_")
      guard parts.count >= 2 else { return .foreign }
      switch parts[0] {
      case "pred", "fc1000": return classifier(parts)
      case "conv1": return stem(parts)
      case "res": return parts.count == 4 && parts[1] == "conv1" ? norm(parts, "bn1") : .foreign
      default: return block(parts)
      }
    },
    conventions: KeyFamily.detectron2.conventions)

  private static let ownBias = "a bias that Detectron ignores; BatchNorm's shift replaces it"

  private static func classifier(_ parts: [Substring]) -> KeyMeaning {
    switch parts[1...] {
    case ["w"]: .leaf("fc.weight")
    case ["b"]: .leaf("fc.bias")
    default: .foreign
    }
  }

  private static func stem(_ parts: [Substring]) -> KeyMeaning {
    switch parts[1...] {
    case ["w"]: .leaf("conv1.weight")
    case ["b"]: .leftOut(ownBias)
    default: .foreign
    }
  }

  /// `res4_22_branch2b_w`, `res4_22_branch2b_bn_s`.
  private static func block(_ parts: [Substring]) -> KeyMeaning {
    guard (4...5).contains(parts.count), parts[0].hasPrefix("res"), let stage = Int(parts[0].dropFirst(3)),
      (2...9).contains(stage), Int(parts[1]) != nil
    else { return .foreign }
    let name = "layer\(stage - 1).\(parts[1])"
    let branches: [Substring: (String, String)] = [
      "branch1": ("downsample.0", "downsample.1"), "branch2a": ("conv1", "bn1"), "branch2b": ("conv2", "bn2"),
      "branch2c": ("conv3", "bn3"),
    ]
    guard let (convolution, norm) = branches[parts[2]] else { return .foreign }
    if parts.count == 5 { return self.norm(parts, "\(name).\(norm)") }
    switch parts[3] {
    case "w": return .leaf("\(name).\(convolution).weight")
    case "b": return .leftOut(ownBias)
    default: return .foreign
    }
  }

  private static func norm(_ parts: [Substring], _ name: String) -> KeyMeaning {
    guard parts[parts.count - 2] == "bn" else {
      return .leaf("\(name).\(parts.suffix(2).joined(separator: "_"))")
    }
    let leaves: [Substring: String] = [
      "s": "weight", "gamma": "weight", "b": "bias", "beta": "bias", "rm": "running_mean",
      "riv": "running_var",
    ]
    return .leaf("\(name).\(leaves[parts[parts.count - 1]] ?? String(parts[parts.count - 1]))")
  }
}
