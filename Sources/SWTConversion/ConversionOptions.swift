public import ResNetArchitecture
public import SWT
public import SWTBytes
internal import SWTThreads

/// Options of a conversion.
public struct ConversionOptions: Sendable {
  /// The expected network.
  public enum Architecture: Equatable, Sendable {
    /// Recognized from keys and shapes.
    case auto
    /// Any state dict, without a layer tree.
    case none
    /// This one; anything else is an error.
    case named(String)
  }

  /// The expected network.
  public var architecture = Architecture.auto
  /// Conventions given by the user, which shapes cannot tell.
  public var conventions = Conventions()
  /// Which linear layer is the classifier.
  public var head = HeadRequest.auto
  /// Whether a convention of the network's function that is only assumed is an error.
  public var isStrict = false
  /// A golden that settled conventions in an earlier conversion, which is made again.
  var settled: StateDictReading.PassingGolden?
  /// Entry of a nested checkpoint, such as `state_dict` or `model_ema`.
  public var key: String?
  /// Paths of golden files to embed.
  public var goldens: [String] = []
  /// Metadata to add, with the types that FORMAT.md defines for the keys; overrides recognized values.
  public var metadata: [(key: String, value: SWTValue)] = []
  /// SPDX identifier of the license of the weights.
  public var license: String?
  /// Class names, one per class.
  public var labels: [String]?
  /// Precision of the weights of convolutions and linear layers; nil leaves them unchanged. BatchNorm, biases
  /// and integers keep their type.
  public var precision: Precision?
  /// Layers that stay wider if ``precision`` is i8.
  public var wideLayers = WideLayers.auto
  /// Whether BatchNorm is folded into the convolutions.
  public var foldsBatchNorm = false
  /// Whether the integers of quantized weights become float32 numbers; otherwise they stay as they are.
  public var dequantizes = false
  /// The part of a state dict to convert; nil converts all of it. Requires ``Architecture/none`` and no goldens.
  public var part: ConversionPart?
  /// Whether an existing output is replaced; otherwise it is an error unless it is up to date.
  public var replacesExisting = false
  /// Whether a symbolic link at the output's path is followed; otherwise it counts as an existing file. For
  /// output paths that a program derives from other names.
  public var followsLinks = true
  /// Limits on the resources that the input may use.
  public var limits = ParseLimits()
  /// Number of threads that read, hash and write; the output does not depend on it.
  public var threads = ThreadPool.available

  /// The defaults: every tensor unchanged, the architecture recognized from keys and shapes.
  public init() {}

  /// Whether values are changed.
  var transforms: Bool { precision != nil || foldsBatchNorm || dequantizes }
}

/// The result of a conversion.
public struct ConversionSummary: Sendable {
  /// The name of the architecture; nil if none was requested.
  public var architecture: String?
  /// Number of tensors in the output, including aliases.
  public var tensorCount: Int
  /// Number of tensors that share the bytes of another.
  public var aliasCount: Int
  /// Size of the output in bytes.
  public var byteCount: Int
  /// Printed as `swt1:<hex>`; nil for other output formats.
  public var contentID: String?
  /// SHA-256 of the input, 64 hexadecimal digits.
  public var sourceSHA256: String
  /// Names of the source's tensors that are not in the output.
  public var unused: [String]
  /// How the network was read; nil for weight files and for state dicts without a layer tree.
  public var reading: StateDictReading?
  /// Weights that the source has as parts, and that were folded.
  package var parametrizations: [Parametrization] = []
  /// A tensor whose name in a .safetensors or .pth output is not the source's; nil if there is none.
  public var renamed: (from: String, to: String)?
  /// The published file that the input is, if any.
  public var official: OfficialFile?
  /// Suspicious findings that do not prevent a conversion.
  public var warnings: [String] = []
  /// What the source reader left out, and why.
  public var skipped: [(path: String, reason: String)]
  /// Names of the embedded goldens.
  public var goldens: [String]
  /// Layers that stayed wider than the requested precision.
  public var wideLayers: [String] = []
  /// The tensor with the largest relative L2 error of its stored values; nil if every value is exact.
  public var worstRounding: (name: String, relL2: Double)?
  /// Whether the user stated mean and standard deviation as metadata.
  public var statesInput = false
  /// Which of `pre.mean`, `pre.std` and `pre.size` the output does not state.
  public var unstatedInput: [String] = []
  /// Whether the output has labels.
  public var hasLabels = false
  /// Whether the output existed and is what this conversion would have written.
  public var wasUpToDate = false
}
