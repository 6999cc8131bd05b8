/// What a module is in a ResNet.
enum ModuleKind: Hashable {
  case convolution, norm, linear
  case relu
  /// A maximum over windows; an average over windows; a binomial filter.
  case maxPool, averagePool, blur
  /// timm's average over 2×2 pixels with stride 1.
  case samePool
  /// Pooling to a given size.
  case adaptiveAverage, adaptiveMaximum
  /// Nothing in inference.
  case nothing
  case sigmoid
  /// A layer that no ResNet of the layer tree has.
  case foreign
  /// Not known by its name.
  case unknown

  init(_ facts: ModuleFacts) {
    let name = facts.shortType
    if name == "FloatFunctional" {
      // Outside quantization it adds: torch.ao.nn.quantized.modules.functional_modules.
      self = .nothing
    } else if facts.type.contains(".quantized."), let kind = Self.quantized[name] {
      self = kind
    } else if let kind = Self.names[name] {
      self = facts.type.contains(".qat.") || facts.type.contains("quantized") ? .foreign : kind
    } else if name.hasPrefix("Dropout") || name.hasPrefix("DropBlock") || name.hasSuffix("Loss")
      || facts.type.hasPrefix("torchmetrics.")
    {
      self = .nothing
    } else {
      self = Self.others.contains(name) ? .foreign : .unknown
    }
  }

  private static let names: [String: ModuleKind] = [
    "Conv2d": .convolution, "BatchNorm2d": .norm, "SyncBatchNorm": .norm, "FrozenBatchNorm2d": .norm,
    "SynchronizedBatchNorm2d": .norm, "NaiveSyncBatchNorm": .norm, "BatchNormAct2d": .norm,
    "FrozenBatchNormAct2d": .norm, "SyncBatchNormAct": .norm, "BatchNorm2dNoSync": .norm,
    "Linear": .linear, "NonDynamicallyQuantizableLinear": .linear,
    "ReLU": .relu, "MaxPool2d": .maxPool, "AvgPool2d": .averagePool, "BlurPool2d": .blur, "BlurPool": .blur,
    "AvgPool2dSame": .samePool, "AdaptiveAvgPool2d": .adaptiveAverage,
    "FastAdaptiveAvgPool": .adaptiveAverage, "FastAdaptiveAvgPool2d": .adaptiveAverage,
    "AdaptiveMaxPool2d": .adaptiveMaximum, "FastAdaptiveMaxPool": .adaptiveMaximum,
    "GlobalAveragePooling": .adaptiveAverage,
    "Identity": .nothing, "DropPath": .nothing, "Flatten": .nothing, "Sequential": .nothing,
    "ModuleList": .nothing, "ModuleDict": .nothing, "QuantStub": .nothing,
    "DeQuantStub": .nothing, "ReflectionPad2d": .nothing, "Accuracy": .nothing, "Sigmoid": .sigmoid,
  ]

  /// Modules of `torch.ao.nn.quantized` and `torch.ao.nn.intrinsic.quantized`.
  private static let quantized: [String: ModuleKind] = [
    "Conv2d": .convolution, "ConvReLU2d": .convolution, "Linear": .linear, "LinearPackedParams": .nothing,
    "QFunctional": .nothing, "Quantize": .nothing, "DeQuantize": .nothing,
  ]

  private static let others: Set<String> = [
    "LeakyReLU", "PReLU", "RReLU", "ELU", "SELU", "CELU", "GELU", "SiLU", "Swish", "SwishMe", "MishMe",
    "Mish",
    "Hardswish", "HardSwish", "Hardsigmoid", "HardSigmoid", "Hardtanh", "ReLU6", "Softplus", "Tanh",
    "Softmax",
    "LogSoftmax", "LogSigmoid", "Softsign", "Threshold", "GLU", "GroupNorm", "LayerNorm", "InstanceNorm2d",
    "LocalResponseNorm", "InPlaceABN", "InplaceAbn", "EvoNorm2dB0", "EvoNorm2dS0", "FilterResponseNorm2d",
    "GeM", "GeneralizedMeanPooling", "GeneralizedMeanPoolingP", "StdConv2d", "StdConv2dSame",
    "ScaledStdConv2d",
    "ScaledStdConv2dSame", "Conv2dSame", "DeformConv2d", "ModulatedDeformConv2d", "ZeroPad2d",
    "ConstantPad2d",
    "ReplicationPad2d", "CircularPad2d", "LPPool2d", "FractionalMaxPool2d", "Upsample", "PixelShuffle",
    "ConvReLU2d", "ConvBn2d", "ConvBnReLU2d", "BNReLU2d", "Conv1d", "Conv3d", "ConvTranspose2d",
  ]
}
