import ResNetArchitecture

extension SmallCase {
  /// Networks unlike torchvision's, and what is hard about them in the fast engine.
  static let variants: [SmallCase] = [
    SmallCase(
      testDescription: "stride on the 1×1",
      architecture: bottleneck(groups: 8, width: 8) { $0.strideOn = .conv1 }
    ),
    SmallCase(
      testDescription: "output stride 8, groups that share blocks",
      architecture: bottleneck([1, 2, 2, 2], groups: 8, width: 8) { $0.dilate([1, 1, 2, 4]) }),
    SmallCase(
      testDescription: "dilated padded groups of 3, 6, 12, 24",
      architecture: bottleneck(groups: 5, width: 24) { $0.dilate([2, 2, 4, 4], first: [1, 2, 4, 4]) },
      batch: 2),
    SmallCase(
      testDescription: "output stride 16 without groups, headless",
      architecture: bottleneck(classes: nil) { $0.dilate([1, 1, 1, 2], first: [1, 1, 1, 2]) }),
    SmallCase(
      testDescription: "basic, dilated, 12 channels",
      architecture: basic([1, 1, 2, 2], base: 12) {
        $0.dilate([1, 1, 2, 4])
      }),
    SmallCase(
      testDescription: "deep stem, average pooling",
      architecture: bottleneck([1, 2, 1, 1]) {
        ($0.stem, $0.stemChannels, $0.shortcut) = (.deep([8, 16]), 32, .averagePool)
      }, height: 64, width: 62),
    SmallCase(
      testDescription: "deep stem of odd widths, basic, batch",
      architecture: basic([1, 1, 1, 1]) {
        ($0.stem, $0.stemChannels, $0.shortcut) = (.deep([5, 17]), 24, .averagePool)
      }, batch: 3),
    SmallCase(
      testDescription: "squeeze-and-excitation, groups",
      architecture: bottleneck([2, 1, 1, 2], groups: 4, width: 16) {
        $0.attention = .squeezeExcitation([3, 5, 17, 33])
      }, batch: 2),
    SmallCase(
      testDescription: "squeeze-and-excitation, basic, headless",
      architecture: basic([1, 2, 1, 1], base: 12, classes: nil) {
        $0.attention = .squeezeExcitation([1, 2, 3, 40])
      }),
    SmallCase(
      testDescription: "efficient channel attention",
      architecture: bottleneck {
        $0.attention = .eca([3, 5, 1, 129])
      }),
    SmallCase(testDescription: "CIFAR", architecture: cifar(16, [2, 1, 2]), height: 32, width: 32, batch: 2),
    SmallCase(
      testDescription: "CIFAR, 5 channels", architecture: cifar(5, [1, 2, 1]), height: 31, width: 17),
    SmallCase(testDescription: "CIFAR, two stages", architecture: cifar(24, [1, 1]), height: 9, width: 9),
    SmallCase(
      testDescription: "small images, projections, gates",
      architecture: basic([1, 1, 1, 1, 1], base: 8) {
        $0.stem = .conv3x3
        $0.attention = .squeezeExcitation([4, 4, 4, 4, 4])
      }),
    SmallCase(
      testDescription: "padded shortcuts beside a dilated gate",
      architecture: basic([1, 2, 2, 1], base: 8) {
        ($0.stem, $0.shortcut, $0.attention) = (.deep([4, 4]), .padding, .eca([3, 3, 3, 3]))
        $0.dilate([1, 2, 2, 4])
      }),
    SmallCase(
      testDescription: "everything, one pixel", architecture: everything, height: 1, width: 1),
    SmallCase(testDescription: "everything, a row", architecture: everything, height: 1, width: 70),
    SmallCase(testDescription: "everything", architecture: everything, height: 65, width: 63, batch: 2),
    SmallCase(
      testDescription: "strides of 3, stem of 9×9, mean of padding too",
      architecture: bottleneck {
        ($0.stem, $0.pool) = (.init(kernel: 9, stride: 2, padding: 4), nil)
        ($0.strides, $0.shortcut) = ([1, 3, 2, 1], .averagePoolSame)
        $0.dilate([1, 1, 1, 2])
      }, batch: 2),
    SmallCase(
      testDescription: "strides of 3, basic, pooling that rounds up",
      architecture: basic([1, 1, 1, 1], base: 32) {
        ($0.stem, $0.finalPool) = (.init(kernel: 5, stride: 3, padding: 1), .maximum)
        $0.pool = .init(.average, kernel: 3, stride: 2, padding: 1, ceilMode: true)
        $0.strides = [3, 1, 3, 2]
      }, height: 120, width: 97, batch: 2),
    SmallCase(
      testDescription: "strides of 3 with groups of 4, 8, 16, 32",
      architecture: bottleneck(groups: 4, width: 16) { $0.strides = [1, 3, 1, 3] }, batch: 2),
    SmallCase(
      testDescription: "blurred strides",
      architecture: bottleneck(groups: 2, width: 64) {
        $0.pool = .init(.maximum, kernel: 3, stride: 1, padding: 1, isBlurred: true)
        ($0.antialiasing, $0.headHasBias) = (.blur, false)
      }, batch: 2),
    SmallCase(
      testDescription: "averaged strides, basic, no pooling",
      architecture: basic([2, 1, 1, 1], base: 32) {
        ($0.stem, $0.pool, $0.antialiasing) = (.init(kernel: 7, stride: 1, padding: 3), nil, .average)
      }, height: 32, width: 48, batch: 2),
  ]

  private static let everything = bottleneck([2, 1, 2, 1], groups: 4, width: 16) {
    ($0.stem, $0.stemChannels, $0.shortcut) = (.deep([12, 16]), 32, .averagePool)
    ($0.attention, $0.strideOn) = (.squeezeExcitation([8, 8, 16, 32]), .conv1)
    $0.dilate([1, 1, 2, 2])
  }

  private static func bottleneck(
    _ layers: [Int] = [1, 1, 1, 1], groups: Int = 1, width: Int = 64, classes: Int? = 10,
    _ change: (inout Architecture) -> Void
  ) -> Architecture {
    var architecture = Architecture(
      block: .bottleneck, layers: layers, groups: groups, widthPerGroup: width, classCount: classes,
      basePlanes: 16)
    change(&architecture)
    return architecture
  }

  private static func basic(
    _ layers: [Int], base: Int = 16, classes: Int? = 7, _ change: (inout Architecture) -> Void
  ) -> Architecture {
    var architecture = Architecture(block: .basic, layers: layers, classCount: classes, basePlanes: base)
    change(&architecture)
    return architecture
  }

  private static func cifar(_ base: Int, _ layers: [Int]) -> Architecture {
    basic(layers, base: base) { ($0.stem, $0.shortcut) = (.conv3x3, .padding) }
  }
}

extension Architecture {
  /// Sets the dilations; those of first blocks are the stage's before, unless they are given.
  mutating func dilate(_ dilations: [Int], first: [Int]? = nil) {
    self.dilations = dilations
    firstDilations = first ?? Array(([1] + dilations).prefix(dilations.count))
  }
}
