public import SWTChecksums

/// A tensor to write, without its bytes.
public struct SWTTensorSpec: Sendable {
  /// Unique among the tensors; 1 to 4095 bytes.
  public var name: String
  /// Element type.
  public var dtype: SWTDType
  /// Logical (PyTorch) shape.
  public var shape: [Int]
  /// Physical order of the logical dimensions, outermost first; nil means row-major.
  public var dimOrder: [Int]?
  /// The tensor's role.
  public var role: SWTRole
  /// Whether the values were computed from several source tensors.
  public var isDerived: Bool
  /// Index into ``SWTContents/quantizations``; nil unless quantized.
  public var quantization: Int?
  /// Digest of the bytes, if a first pass computed it.
  ///
  /// Only tensors with a digest can become aliases; it is checked against the bytes when they are written.
  public var sha256: SHA256Digest?

  /// Declares a tensor; ``SWTWriter`` validates it.
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

/// Everything in a `.swt` file except the bytes of its tensors.
///
/// Tensors are in data order; a tensor index is always an index into ``tensors``.
public struct SWTContents: Sendable {
  /// In data order, which is execution order if the network is known.
  public var tensors: [SWTTensorSpec]
  /// Values by key.
  public var metadata: [String: SWTValue]
  /// Records that tensors refer to by index.
  public var quantizations: [SWTQuantization]
  /// Digests of the source's tensors, in any order; if empty, the section is omitted.
  public var sources: [SWTSourceDigest]
  /// Golden tests, whose inputs and expected values are among ``tensors``.
  public var goldenSets: [SWTGoldenSet]
  /// One per tensor; if empty, the section is omitted.
  public var receipts: [SWTReceipt]
  /// Log2 of the alignment of each tensor, 6 to 16.
  public var tensorAlignmentLog2 = 8
  /// Log2 of the alignment of the data region, 6 to 16, at least ``tensorAlignmentLog2``.
  public var dataAlignmentLog2 = 14

  /// Creates contents; ``SWTWriter`` validates them.
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
  /// The contents of an open file; writing them with the file's tensor bytes reproduces the file.
  ///
  /// - Throws: ``SWTError`` `.version` for a file of a newer minor version, `.dtype` or `.role` for a tensor
  ///   whose type or role this version does not know, because it could not be written again.
  public init(of file: SWTFile) throws(SWTError) {
    guard file.versionMinor <= Int(SWTFormat.versionMinor) else {
      throw SWTError(
        .version, "it has format version 1.\(file.versionMinor); this program supports only 1.0")
    }
    // A dictionary of strings has one place for keys that are equivalent in Unicode.
    let pairs = file.metadata
    let metadata = Dictionary(pairs.map { ($0.key, $0.value) }, uniquingKeysWith: { first, _ in first })
    guard metadata.count == pairs.count else {
      throw SWTError(.name, "two keys of its metadata differ only in the Unicode form of their characters")
    }
    self.init(
      metadata: metadata,
      quantizations: (0..<file.quantizationCount).map { file.quantization($0) }, sources: file.sourceDigests,
      goldenSets: file.goldenSets, receipts: (0..<file.tensorCount).compactMap { file.receipt($0) })
    for info in file.tensors {
      guard let dtype = info.dtype else {
        throw SWTError(.dtype, "tensor \(info.name) has a type unknown to this program")
      }
      guard let role = info.role else {
        throw SWTError(.role, "tensor \(info.name) has a role unknown to this program")
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

extension SWTContents {
  /// For each tensor, the earlier one whose bytes it shares in a file; all digests must be known.
  ///
  /// - Throws: ``SWTError`` if the contents violate a rule of the format.
  package func aliases() throws(SWTError) -> [Int?] { try Placement(self).aliasOf }

  /// Whether a file is byte for byte what ``SWTWriter`` writes for these contents, whose digests must be known.
  ///
  /// The index, which covers everything by checksums and digests, must be the same; the file's data must have
  /// the checksums and digests of its index.
  package func isFile(_ file: SWTFile, using digests: any DigestProvider) -> Bool {
    let hashes = tensors.compactMap(\.sha256)
    guard hashes.count == tensors.count, hashes.count == file.tensorCount,
      let placement = try? Placement(self), let encoder = try? IndexEncoder(self, placement),
      // Equal digests imply equal data, so equal checksums: those of the file are right if its data are.
      file.hasIndex(encoder.encode(crcs: file.tensors.map(\.crc32c), digests: hashes))
    else { return false }
    return (try? file.verify(using: digests)) != nil
  }
}

/// A file that ``SWTWriter`` has written.
public struct SWTWriteResult: Equatable, Sendable {
  /// The content id, printed as `swt1:<hex>`.
  public var contentID: SHA256Digest
  /// Size of the file in bytes.
  public var byteCount: Int
  /// Number of tensors that share the bytes of an earlier one.
  public var aliasCount: Int
}
