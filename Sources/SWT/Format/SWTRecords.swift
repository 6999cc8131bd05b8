public import SWTChecksums

/// How the integers of a quantised tensor stand for real numbers: `scale × (q − zero)`.
public struct SWTQuantization: Equatable, Sendable {
  /// What has a scale of its own; the raw value is the code in the file.
  public enum Scheme: UInt8, Sendable {
    /// One scale for the whole tensor.
    case perTensor = 1
    /// One for each index along ``SWTQuantization/axis``.
    case perChannel
    /// One for each ``SWTQuantization/block`` elements along the axis.
    case perBlock
  }

  /// What has a scale of its own.
  public var scheme: Scheme
  /// Logical dimension that the scales run along; 0 per tensor.
  public var axis: Int
  /// Significant bits of one integer.
  public var bits: Int
  /// Whether all zero points are 0, so that there is no tensor of them.
  public var isSymmetric: Bool
  /// Elements that share a scale along the axis; 0 unless per block.
  public var block: Int
  /// Tensors of the file, by number.
  public var scaleTensor: Int
  /// The zero points, integers or floats; nil when symmetric.
  public var zeroTensor: Int?
  /// One scale for the layer's input, when it was calibrated.
  public var activationScaleTensor: Int?
  /// The zero point of the layer's input.
  public var activationZeroTensor: Int?
  /// Type before quantisation; nil when unknown.
  public var sourceDType: SWTDType?

  /// Writers and readers check the numbers of tensors, not this initialiser.
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

/// A tensor of the source checkpoint, by the digest of its contiguous, row-major, little-endian bytes.
public struct SWTSourceDigest: Equatable, Sendable {
  /// The name in the checkpoint.
  public var name: String
  /// Its type there.
  public var dtype: SWTDType
  /// SHA-256 of its values.
  public var sha256: SHA256Digest

  /// A record of one tensor of the source.
  public init(name: String, dtype: SWTDType, sha256: SHA256Digest) {
    self.name = name
    self.dtype = dtype
    self.sha256 = sha256
  }
}

extension [SWTSourceDigest] {
  /// As they stand in a file: by name, bytewise; equal names by their digests.
  package var ordered: [SWTSourceDigest] {
    map { (name: [UInt8]($0.name.utf8), source: $0) }.sorted { a, b in
      a.name == b.name
        ? a.source.sha256.bytes.lexicographicallyPrecedes(b.source.sha256.bytes)
        : a.name.lexicographicallyPrecedes(b.name)
    }.map(\.source)
  }
}

/// What a conversion did to a tensor, and the error against the source folded in double precision.
public struct SWTReceipt: Equatable, Sendable {
  /// What was done to a tensor; several may be.
  public struct Operations: OptionSet, Sendable {
    public let rawValue: UInt8
    public init(rawValue: UInt8) { self.rawValue = rawValue }
    /// Stored in another type.
    public static let cast = Operations(rawValue: 1)
    /// BatchNorm folded into it.
    public static let fold = Operations(rawValue: 2)
    /// Stored as integers with scales.
    public static let quantize = Operations(rawValue: 4)
  }

  /// Nil for a tensor that was not touched.
  public var sourceDType: SWTDType?
  /// What was done; empty for a tensor that was not touched.
  public var operations: Operations
  /// Largest absolute difference to the exact value.
  public var maxAbsError: Float
  /// `‖stored − exact‖₂ / ‖exact‖₂`.
  public var relL2Error: Float
  /// Largest exact absolute value.
  public var maxAbsValue: Float

  /// The receipt of a tensor that was not touched.
  public static let untouched = SWTReceipt(
    sourceDType: nil, operations: [], maxAbsError: 0, relL2Error: 0, maxAbsValue: 0)

  /// A receipt as a conversion measured it.
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
    /// All of the network's output.
    case output = 1
    /// Samples of a layer's output.
    case probe
    /// What preprocessing makes of an image.
    case preprocessing
  }
  /// Where the input comes from.
  public enum Input: Equatable, Sendable {
    /// The tensor of the set.
    case stored
    /// splitmix64 of this seed, uniform in [-1, 1).
    case uniform(seed: UInt64)
  }

  /// The output or tap: `logits`, `layer3`, `preprocess`.
  public var name: String
  /// What is expected.
  public var kind: Kind
  /// Where the input comes from.
  public var input: Input
  /// N, C, H, W.
  public var inputShape: [Int]
  /// The tensor of the file that holds the expected values.
  public var expectedTensor: Int
  /// Where the samples of a probe lie: element `splitmix64(seed + j) mod count`.
  public var sampleSeed: UInt64
  /// The reference's own float32 error: relative L2.
  public var floorRelL2: Float
  /// The same, its largest element over the standard deviation of the output.
  public var floorMax: Float
  /// Allowed multiple of the floors.
  public var k: Float
  /// The class with the largest logit; nil where there are no classes.
  public var expectedTop1: Int?

  /// An expectation; its numbers of tensors are those of the contents it is written with.
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

/// A golden test: one input and what the network must make of it.
public struct SWTGoldenSet: Equatable, Sendable {
  /// The golden's name, which its tensors' names contain.
  public var name: String
  /// The stored input; nil when every vector has a procedural one.
  public var inputTensor: Int?
  /// What is expected of this input.
  public var vectors: [SWTGoldenVector]

  /// A golden test of the expectations `vectors`.
  public init(name: String, inputTensor: Int?, vectors: [SWTGoldenVector]) {
    self.name = name
    self.inputTensor = inputTensor
    self.vectors = vectors
  }
}
