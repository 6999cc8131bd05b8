public import SWTChecksums

/// How the integers of a quantised tensor stand for real numbers: `scale × (q − zero)`.
public struct SWTQuantization: Equatable, Sendable {
  public enum Scheme: UInt8, Sendable {
    case perTensor = 1
    case perChannel, perBlock
  }

  public var scheme: Scheme
  /// Logical dimension that the scales run along; 0 per tensor.
  public var axis: Int
  /// Significant bits of one integer.
  public var bits: Int
  public var isSymmetric: Bool
  /// Elements that share a scale along the axis; 0 unless per block.
  public var block: Int
  /// Tensors of the file, by number.
  public var scaleTensor: Int
  public var zeroTensor: Int?
  public var activationScaleTensor: Int?
  public var activationZeroTensor: Int?
  /// Type before quantisation; nil when unknown.
  public var sourceDType: SWTDType?

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
  public var name: String
  public var dtype: SWTDType
  public var sha256: SHA256Digest

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
  public struct Operations: OptionSet, Sendable {
    public let rawValue: UInt8
    public init(rawValue: UInt8) { self.rawValue = rawValue }
    public static let cast = Operations(rawValue: 1)
    public static let fold = Operations(rawValue: 2)
    public static let quantize = Operations(rawValue: 4)
  }

  /// Nil for a tensor that was not touched.
  public var sourceDType: SWTDType?
  public var operations: Operations
  public var maxAbsError: Float
  public var relL2Error: Float
  public var maxAbsValue: Float

  /// The receipt of a tensor that was not touched.
  public static let untouched = SWTReceipt(
    sourceDType: nil, operations: [], maxAbsError: 0, relL2Error: 0, maxAbsValue: 0)

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
  public enum Kind: UInt8, Sendable {
    case output = 1
    case probe, preprocessing
  }
  public enum Input: Equatable, Sendable {
    /// The tensor of the set.
    case stored
    /// splitmix64 of this seed, uniform in [-1, 1).
    case uniform(seed: UInt64)
  }

  /// The output or tap: `logits`, `layer3`, `preprocess`.
  public var name: String
  public var kind: Kind
  public var input: Input
  /// N, C, H, W.
  public var inputShape: [Int]
  /// The tensor of the file that holds the expected values.
  public var expectedTensor: Int
  /// Where the samples of a probe lie: element `splitmix64(seed + j) mod count`.
  public var sampleSeed: UInt64
  public var floorRelL2: Float
  public var floorMax: Float
  /// Allowed multiple of the floors.
  public var k: Float
  public var expectedTop1: Int?

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
  public var name: String
  /// The stored input; nil when every vector has a procedural one.
  public var inputTensor: Int?
  public var vectors: [SWTGoldenVector]

  public init(name: String, inputTensor: Int?, vectors: [SWTGoldenVector]) {
    self.name = name
    self.inputTensor = inputTensor
    self.vectors = vectors
  }
}
