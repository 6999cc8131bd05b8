internal import SWTBytes
public import SWTChecksums

/// How the integers of a quantized tensor map to real numbers: `scale × (q − zero)`.
public struct SWTQuantization: Equatable, Sendable {
  /// The granularity of the scales; the raw value is the code in the file.
  public enum Scheme: UInt8, Sendable {
    /// One scale for the whole tensor.
    case perTensor = 1
    /// One scale per index along ``SWTQuantization/axis``.
    case perChannel
    /// One scale per ``SWTQuantization/block`` elements along the axis.
    case perBlock
  }

  /// The granularity of the scales.
  public var scheme: Scheme
  /// Logical dimension along which scales vary; 0 per tensor.
  public var axis: Int
  /// Significant bits of an integer.
  public var bits: Int
  /// Whether all zero points are 0, in which case they are not stored.
  public var isSymmetric: Bool
  /// Number of consecutive elements along the axis that share a scale; 0 unless per block.
  public var block: Int
  /// Index of the tensor of scales.
  public var scaleTensor: Int
  /// Index of the tensor of zero points, integers or floats; nil if symmetric.
  public var zeroTensor: Int?
  /// Index of the tensor with the scale of the layer's input, if it was calibrated.
  public var activationScaleTensor: Int?
  /// Index of the tensor with the zero point of the layer's input.
  public var activationZeroTensor: Int?
  /// Type before quantization; nil if unknown.
  public var sourceDType: SWTDType?

  /// Creates a record; writers and readers validate the tensor indices, not this initializer.
  public init(
    scheme: Scheme, axis: Int = 0, bits: Int = 8, isSymmetric: Bool, block: Int = 0, scaleTensor: Int,
    zeroTensor: Int? = nil, activationScaleTensor: Int? = nil, activationZeroTensor: Int? = nil,
    sourceDType: SWTDType? = nil
  ) {
    self.scheme = scheme
    self.axis = axis
    self.bits = bits
    self.isSymmetric = isSymmetric
    self.block = block
    self.scaleTensor = scaleTensor
    self.zeroTensor = zeroTensor
    self.activationScaleTensor = activationScaleTensor
    self.activationZeroTensor = activationZeroTensor
    self.sourceDType = sourceDType
  }
}

/// A tensor of the source checkpoint, identified by the digest of its contiguous row-major little-endian
/// bytes.
public struct SWTSourceDigest: Equatable, Sendable {
  /// The name in the checkpoint.
  public var name: String
  /// The type in the checkpoint.
  public var dtype: SWTDType
  /// SHA-256 of its values.
  public var sha256: SHA256Digest

  /// Creates a record of a source tensor.
  public init(name: String, dtype: SWTDType, sha256: SHA256Digest) {
    self.name = name
    self.dtype = dtype
    self.sha256 = sha256
  }
}

extension [SWTSourceDigest] {
  /// In the order of a file: by name, bytewise; equal names by digest.
  package var ordered: [SWTSourceDigest] { order.map { self[$0] } }

  /// The indices in that order.
  var order: [Int] {
    indices.sorted { a, b in
      let (x, y) = (ExactString(self[a].name), ExactString(self[b].name))
      return x == y ? self[a].sha256.words < self[b].sha256.words : x < y
    }
  }
}

/// What a conversion did to a tensor, and the error relative to the source, folded in double precision.
public struct SWTReceipt: Equatable, Sendable {
  /// Operations applied to a tensor.
  public struct Operations: OptionSet, Sendable {
    public let rawValue: UInt8
    public init(rawValue: UInt8) { self.rawValue = rawValue }
    /// Converted to another type.
    public static let cast = Operations(rawValue: 1)
    /// BatchNorm was folded into it.
    public static let fold = Operations(rawValue: 2)
    /// Stored as integers with scales.
    public static let quantize = Operations(rawValue: 4)
  }

  /// Type in the source; nil for an unchanged tensor.
  public var sourceDType: SWTDType?
  /// Operations applied; empty for an unchanged tensor.
  public var operations: Operations
  /// Largest absolute difference from the exact value.
  public var maxAbsError: Float
  /// `‖stored − exact‖₂ / ‖exact‖₂`.
  public var relL2Error: Float
  /// Largest absolute exact value.
  public var maxAbsValue: Float

  /// The receipt of an unchanged tensor.
  public static let untouched = SWTReceipt(
    sourceDType: nil, operations: [], maxAbsError: 0, relL2Error: 0, maxAbsValue: 0)

  /// Creates a receipt from measured errors.
  public init(
    sourceDType: SWTDType?, operations: Operations, maxAbsError: Float, relL2Error: Float, maxAbsValue: Float
  ) {
    self.sourceDType = sourceDType
    self.operations = operations
    self.maxAbsError = maxAbsError
    self.relL2Error = relL2Error
    self.maxAbsValue = maxAbsValue
  }
}

/// One expected output of a golden test.
public struct SWTGoldenVector: Equatable, Sendable {
  /// What is expected; the raw value is the code in the file.
  public enum Kind: UInt8, Sendable {
    /// The network's whole output.
    case output = 1
    /// Samples of a layer's output.
    case probe
    /// The preprocessed image.
    case preprocessing
  }
  /// Where the input comes from.
  public enum Input: Equatable, Sendable {
    /// The set's input tensor.
    case stored
    /// splitmix64 with this seed, uniform in [-1, 1).
    case uniform(seed: UInt64)
  }

  /// The output or tap: `logits`, `layer3`, `preprocess`.
  public var name: String
  /// What is expected.
  public var kind: Kind
  /// Where the input comes from.
  public var input: Input
  /// `[N, C, H, W]`.
  public var inputShape: [Int]
  /// Index of the tensor with the expected values.
  public var expectedTensor: Int
  /// Selects a probe's samples: sample j is element `splitmix64(seed + j) mod count`.
  public var sampleSeed: UInt64
  /// Float32 error of the reference itself: relative L2 norm.
  public var floorRelL2: Float
  /// Float32 error of the reference itself: largest element, relative to the output's standard deviation.
  public var floorMax: Float
  /// Allowed multiple of the floors.
  public var k: Float
  /// Index of the largest logit; nil if the output has no classes.
  public var expectedTop1: Int?

  /// Creates an expectation; tensor indices refer to the contents that it is written with.
  public init(
    name: String, kind: Kind, input: Input, inputShape: [Int], expectedTensor: Int, sampleSeed: UInt64 = 0,
    floorRelL2: Float, floorMax: Float, k: Float = 8, expectedTop1: Int? = nil
  ) {
    self.name = name
    self.kind = kind
    self.input = input
    self.inputShape = inputShape
    self.expectedTensor = expectedTensor
    self.sampleSeed = sampleSeed
    self.floorRelL2 = floorRelL2
    self.floorMax = floorMax
    self.k = k
    self.expectedTop1 = expectedTop1
  }
}

/// A golden test: one input and the outputs expected for it.
public struct SWTGoldenSet: Equatable, Sendable {
  /// The name of the golden test, which is part of its tensors' names.
  public var name: String
  /// Index of the stored input; nil if every vector has a procedural one.
  public var inputTensor: Int?
  /// The expected outputs.
  public var vectors: [SWTGoldenVector]

  /// Creates a golden test.
  public init(name: String, inputTensor: Int?, vectors: [SWTGoldenVector]) {
    self.name = name
    self.inputTensor = inputTensor
    self.vectors = vectors
  }
}
