public import ResNetArchitecture
public import SWT
public import SWTBytes
internal import SWTThreads

/// How a checkpoint is to become a weight file.
public struct ConversionOptions: Sendable {
  /// Which network the checkpoint has to be.
  public enum Architecture: Equatable, Sendable {
    /// Recognized by keys and shapes.
    case auto
    /// Any state dict, without a layer tree.
    case none
    /// That one, or an error.
    case named(String)
  }

  /// What the tensors must be.
  public var architecture = Architecture.auto
  /// What whoever converts says about what shapes cannot tell.
  public var conventions = Conventions()
  /// Entry of a nested checkpoint: `state_dict`, `model_ema`.
  public var key: String?
  /// Paths of golden files to embed.
  public var goldens: [String] = []
  /// Metadata to add, of the types that FORMAT.md gives the keys; it goes before what is found out.
  public var metadata: [(key: String, value: SWTValue)] = []
  /// SPDX identifier of the weights' licence.
  public var license: String?
  /// Class names, one for each class.
  public var labels: [String]?
  /// How the weights of convolutions and linear layers are stored; nil leaves them as they are. BatchNorm, biases
  /// and integers keep their type.
  public var precision: Precision?
  /// Which layers are stored wider when ``precision`` is i8.
  public var wideLayers = WideLayers.auto
  /// BatchNorm becomes part of the convolutions.
  public var foldsBatchNorm = false
  /// Whether an output that exists is replaced; otherwise it is an error, unless it is up to date.
  public var replacesExisting = false
  /// Bounds on what the input may ask for.
  public var limits = ParseLimits()
  /// How many threads read, hash and write; the output does not depend on it.
  public var threads = ThreadPool.available

  /// The defaults: every tensor as it is, the architecture recognized by keys and shapes.
  public init() {}

  /// True when values are to be changed on their way.
  var transforms: Bool { precision != nil || foldsBatchNorm }
}

/// What a conversion did.
public struct ConversionSummary: Sendable {
  /// The architecture's name; nil when none was asked for.
  public var architecture: String?
  /// How many tensors the output has, aliases included.
  public var tensorCount: Int
  /// How many of them share the bytes of another.
  public var aliasCount: Int
  /// Size of the output.
  public var byteCount: Int
  /// Printed as `swt1:<hex>`; `nil` for outputs of another format.
  public var contentID: String?
  /// SHA-256 of the input, 64 hexadecimal digits.
  public var sourceSHA256: String
  /// Names of the source's tensors that are not in the output.
  public var unused: [String]
  /// How the network was read; `nil` for state dicts without a layer tree and for weight files.
  public var reading: StateDictReading?
  /// The published file that the input is.
  public var official: OfficialFile?
  /// What looks wrong and does not stop a conversion.
  public var warnings: [String] = []
  /// What was met in the source and left out, and why.
  public var skipped: [(path: String, reason: String)]
  /// Goldens that were embedded.
  public var goldens: [String]
  /// Layers that stayed wider than the precision asked for.
  public var wideLayers: [String] = []
  /// The tensor whose stored values are furthest from the exact ones, and their relative L2 error; nil when every
  /// value is exact.
  public var worstRounding: (name: String, relL2: Double)?
  /// True when the output was there already and is what this conversion would have made.
  public var wasUpToDate = false
}
