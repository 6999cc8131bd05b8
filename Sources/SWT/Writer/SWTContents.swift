public import SWTChecksums

/// A tensor to be written, all but its bytes.
public struct SWTTensorSpec: Sendable {
  /// Unique among the tensors; 1 to 4095 bytes.
  public var name: String
  /// The type of the elements.
  public var dtype: SWTDType
  /// Logical (PyTorch) shape.
  public var shape: [Int]
  /// Physical order of the logical dimensions, outermost first; nil is row-major.
  public var dimOrder: [Int]?
  /// What the tensor is for.
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

  /// A declaration; ``SWTWriter`` checks it and throws what does not fit.
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
  /// In data order, which is execution order where there is one.
  public var tensors: [SWTTensorSpec]
  /// Values by key.
  public var metadata: [String: SWTValue]
  /// Records that tensors refer to by number.
  public var quantizations: [SWTQuantization]
  /// Digests of the source's tensors, in any order; empty leaves the section out.
  public var sources: [SWTSourceDigest]
  /// Golden tests, whose inputs and expectations are tensors of ``tensors``.
  public var goldenSets: [SWTGoldenSet]
  /// One for each tensor, or empty, which leaves the section out.
  public var receipts: [SWTReceipt]
  /// Log2 of the alignment of each tensor, 6 to 16.
  public var tensorAlignmentLog2 = 8
  /// Log2 of the alignment of the data region, 6 to 16 and not below that of the tensors.
  public var dataAlignmentLog2 = 14

  /// Contents; ``SWTWriter`` checks them and throws what does not fit.
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

extension SWTContents {
  /// All that an open file says, so that a writer given these contents and the file's bytes would make it again.
  ///
  /// - Throws: ``SWTError`` `.version` for a file of a later minor version, `.dtype` or `.role` for a tensor that this
  ///   version has no name for: what cannot be read could not be written again.
  public init(of file: SWTFile) throws(SWTError) {
    guard file.versionMinor <= Int(SWTFormat.versionMinor) else {
      throw SWTError(.version, "it is of format version 1.\(file.versionMinor), this program knows 1.0 only")
    }
    self.init(
      metadata: Dictionary(file.metadata.map { ($0.key, $0.value) }, uniquingKeysWith: { first, _ in first }),
      quantizations: (0..<file.quantizationCount).map { file.quantization($0) }, sources: file.sourceDigests,
      goldenSets: file.goldenSets, receipts: (0..<file.tensorCount).compactMap { file.receipt($0) })
    for info in file.tensors {
      guard let dtype = info.dtype else {
        throw SWTError(.dtype, "tensor \(info.name) has a type that this program does not know")
      }
      guard let role = info.role else {
        throw SWTError(.role, "tensor \(info.name) has a role that this program does not know")
      }
      tensors.append(
        SWTTensorSpec(
          name: info.name, dtype: dtype, shape: info.shape, dimOrder: info.isRowMajor ? nil : info.dimOrder,
          role: role, isDerived: info.isDerived, quantization: info.quantization,
          sha256: file.digest(info.index)))
    }
    tensorAlignmentLog2 = file.tensorAlignment.trailingZeroBitCount
    dataAlignmentLog2 = file.dataAlignment.trailingZeroBitCount
  }
}

/// What ``SWTWriter`` made.
public struct SWTWriteResult: Equatable, Sendable {
  /// Printed as `swt1:<hex>`.
  public var contentID: SHA256Digest
  /// Size of the file.
  public var byteCount: Int
  /// Tensors that share the bytes of an earlier one.
  public var aliasCount: Int
}
