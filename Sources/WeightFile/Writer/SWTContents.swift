public import SWTChecksums

/// A tensor to be written, all but its bytes.
public struct SWTTensorSpec: Sendable {
  public var name: String
  public var dtype: SWTDType
  /// Logical (PyTorch) shape.
  public var shape: [Int]
  /// Physical order of the logical dimensions, outermost first; nil is row-major.
  public var dimOrder: [Int]?
  public var role: SWTRole
  /// Computed from several source tensors.
  public var isDerived: Bool
  /// Index into ``SWTContents/quantizations``.
  public var quantization: Int?
  /// Digest of the bytes, where a first pass computed it.
  ///
  /// Only tensors that have one can become aliases; it is
  /// checked against the bytes when they are written.
  public var sha256: SHA256Digest?

  public init(
    name: String, dtype: SWTDType, shape: [Int], dimOrder: [Int]? = nil, role: SWTRole = .parameter,
    isDerived: Bool = false, quantization: Int? = nil, sha256: SHA256Digest? = nil
  ) {
    self.name = name
    self.dtype = dtype
    self.shape = shape
    self.dimOrder = dimOrder
    self.role = role
    self.isDerived = isDerived
    self.quantization = quantization
    self.sha256 = sha256
  }
}

/// All of a `.swt` file but the bytes of its tensors.
///
/// Tensors stand in data order; wherever a number names a tensor it is an index into ``tensors``.
public struct SWTContents: Sendable {
  public var tensors: [SWTTensorSpec]
  public var metadata: [String: SWTValue]
  public var quantizations: [SWTQuantization]
  /// Digests of the source's tensors, in any order; empty leaves the section out.
  public var sources: [SWTSourceDigest]
  public var goldenSets: [SWTGoldenSet]
  /// One for each tensor, or empty, which leaves the section out.
  public var receipts: [SWTReceipt]
  /// Log2 of the alignment of each tensor, 6 to 16.
  public var tensorAlignmentLog2 = 8
  /// Log2 of the alignment of the data region, 6 to 16 and not below that of the tensors.
  public var dataAlignmentLog2 = 14

  public init(
    tensors: [SWTTensorSpec] = [], metadata: [String: SWTValue] = [:], quantizations: [SWTQuantization] = [],
    sources: [SWTSourceDigest] = [], goldenSets: [SWTGoldenSet] = [], receipts: [SWTReceipt] = []
  ) {
    self.tensors = tensors
    self.metadata = metadata
    self.quantizations = quantizations
    self.sources = sources
    self.goldenSets = goldenSets
    self.receipts = receipts
  }
}

/// What ``SWTWriter`` made.
public struct SWTWriteResult: Equatable, Sendable {
  /// Printed as `swt1:<hex>`.
  public var contentID: SHA256Digest
  public var byteCount: Int
  /// Tensors that share the bytes of an earlier one.
  public var aliasCount: Int
}
