extension Architecture {
  /// The published networks: torchvision's and Facebook's, then timm's, then the CIFAR networks of He et al.
  /// 2015 under their usual names, with 10 classes.
  public static let published: [(name: String, architecture: Architecture)] =
    torchvision + timm + cifar

  private static let torchvision: [(name: String, architecture: Architecture)] = [
    ("resnet18", basic([2, 2, 2, 2])),
    ("resnet34", basic([3, 4, 6, 3])),
    ("resnet50", resnext([3, 4, 6, 3])),
    ("resnet101", resnext([3, 4, 23, 3])),
    ("resnet152", resnext([3, 8, 36, 3])),
    ("resnext50_32x4d", resnext([3, 4, 6, 3], 32, 4)),
    ("resnext101_32x4d", resnext([3, 4, 23, 3], 32, 4)),
    ("resnext101_32x8d", resnext([3, 4, 23, 3], 32, 8)),
    ("resnext101_64x4d", resnext([3, 4, 23, 3], 64, 4)),
    ("resnext101_32x16d", resnext([3, 4, 23, 3], 32, 16)),
    ("resnext101_32x32d", resnext([3, 4, 23, 3], 32, 32)),
    ("resnext101_32x48d", resnext([3, 4, 23, 3], 32, 48)),
    ("resnext152_32x4d", resnext([3, 8, 36, 3], 32, 4)),
    ("wide_resnet50_2", resnext([3, 4, 6, 3], 1, 128)),
    ("wide_resnet101_2", resnext([3, 4, 23, 3], 1, 128)),
  ]

  /// Source: the entry points of timm/models/resnet.py, version 1.0.
  private static let timm: [(name: String, architecture: Architecture)] = [
    ("resnet26", resnext([2, 2, 2, 2])),
    ("resnet200", resnext([3, 24, 36, 3])),
    ("resnet50c", resnext([3, 4, 6, 3]).deep([32, 32])),
    ("resnet101c", resnext([3, 4, 23, 3]).deep([32, 32])),
    ("resnet152c", resnext([3, 8, 36, 3]).deep([32, 32])),
    ("resnet50s", resnext([3, 4, 6, 3]).deep([64, 64], 128)),
    ("resnet101s", resnext([3, 4, 23, 3]).deep([64, 64], 128)),
    ("resnet152s", resnext([3, 8, 36, 3]).deep([64, 64], 128)),
    ("resnet10t", basic([1, 1, 1, 1]).deep([24, 32]).averaged),
    ("resnet14t", resnext([1, 1, 1, 1]).deep([24, 32]).averaged),
    ("resnet26t", resnext([2, 2, 2, 2]).deep([24, 32]).averaged),
    ("resnet50t", resnext([3, 4, 6, 3]).deep([24, 32]).averaged),
    ("resnet18d", basic([2, 2, 2, 2]).deep([32, 32]).averaged),
    ("resnet34d", basic([3, 4, 6, 3]).deep([32, 32]).averaged),
    ("resnet26d", resnext([2, 2, 2, 2]).deep([32, 32]).averaged),
    ("resnet50d", resnext([3, 4, 6, 3]).deep([32, 32]).averaged),
    ("resnet101d", resnext([3, 4, 23, 3]).deep([32, 32]).averaged),
    ("resnet152d", resnext([3, 8, 36, 3]).deep([32, 32]).averaged),
    ("resnet200d", resnext([3, 24, 36, 3]).deep([32, 32]).averaged),
    ("resnext50d_32x4d", resnext([3, 4, 6, 3], 32, 4).deep([32, 32]).averaged),
    ("seresnet18", basic([2, 2, 2, 2]).squeezed),
    ("seresnet34", basic([3, 4, 6, 3]).squeezed),
    ("seresnet50", resnext([3, 4, 6, 3]).squeezed),
    ("seresnet101", resnext([3, 4, 23, 3]).squeezed),
    ("seresnet152", resnext([3, 8, 36, 3]).squeezed),
    ("seresnet50t", resnext([3, 4, 6, 3]).deep([24, 32]).averaged.squeezed),
    ("seresnet152d", resnext([3, 8, 36, 3]).deep([32, 32]).averaged.squeezed),
    ("seresnext50_32x4d", resnext([3, 4, 6, 3], 32, 4).squeezed),
    ("seresnext101_32x4d", resnext([3, 4, 23, 3], 32, 4).squeezed),
    ("seresnext101_32x8d", resnext([3, 4, 23, 3], 32, 8).squeezed),
    ("seresnext101_64x4d", resnext([3, 4, 23, 3], 64, 4).squeezed),
    ("seresnext101d_32x8d", resnext([3, 4, 23, 3], 32, 8).deep([32, 32]).averaged.squeezed),
    ("seresnext26d_32x4d", resnext([2, 2, 2, 2], 32, 4).deep([32, 32]).averaged.squeezed),
    ("seresnext26t_32x4d", resnext([2, 2, 2, 2], 32, 4).deep([24, 32]).averaged.squeezed),
    ("ecaresnet26t", resnext([2, 2, 2, 2]).deep([24, 32]).averaged.gated),
    ("ecaresnet50t", resnext([3, 4, 6, 3]).deep([24, 32]).averaged.gated),
    ("ecaresnet50d", resnext([3, 4, 6, 3]).deep([32, 32]).averaged.gated),
    ("ecaresnet101d", resnext([3, 4, 23, 3]).deep([32, 32]).averaged.gated),
    ("ecaresnetlight", resnext([1, 1, 11, 3]).averaged.gated),
  ]

  private static let cifar: [(name: String, architecture: Architecture)] = [
    ("resnet20", 3), ("resnet32", 5), ("resnet44", 7), ("resnet56", 9), ("resnet110", 18),
    ("resnet1202", 200),
  ].map { name, blocks in
    let architecture = Architecture(
      block: .basic, layers: [blocks, blocks, blocks], classCount: 10, basePlanes: 16, stem: .conv3x3,
      shortcut: .padding)
    return (name, architecture)
  }

  // MARK: - Shorthand

  private static func basic(_ layers: [Int]) -> Architecture { Architecture(block: .basic, layers: layers) }

  private static func resnext(_ layers: [Int], _ groups: Int = 1, _ width: Int = 64) -> Architecture {
    Architecture(block: .bottleneck, layers: layers, groups: groups, widthPerGroup: width)
  }

  private func deep(_ widths: [Int], _ channels: Int = 64) -> Architecture {
    var copy = self
    copy.stem = .deep(widths)
    copy.stemChannels = channels
    return copy
  }

  private var averaged: Architecture {
    var copy = self
    copy.shortcut = .averagePool
    return copy
  }

  /// A sixteenth of the channels, rounded to a multiple of 8: timm/layers/squeeze_excite.py and
  /// `make_divisible`.
  private var squeezed: Architecture {
    var copy = self
    copy.attention = .squeezeExcitation(
      layers.indices.map { max(8, (outputChannels(stage: $0) / 16 + 4) / 8 * 8) })
    return copy
  }

  /// About half of the binary logarithm of the channels, rounded up to an odd number: timm/layers/eca.py.
  private var gated: Architecture {
    var copy = self
    copy.attention = .eca(
      layers.indices.map { stage in
        // The number of channels is a power of two, so its logarithm is the number of trailing zeros.
        let size = (outputChannels(stage: stage).trailingZeroBitCount + 1) / 2
        return max(3, size.isMultiple(of: 2) ? size + 1 : size)
      })
    return copy
  }
}
