internal import SWTBytes
public import SWTChecksums
internal import Synchronization

/// An open `.swt` file.
///
/// Opening checks levels 0, 1 and 1c of the format: afterwards no read can leave the file, no two tensors
/// overlap unless one is declared an alias of the other, names are unique, and the index is what its writer
/// wrote. Level 2, the CRC32C of the values, runs once per tensor when it is first viewed; level 3 runs on
/// request.
///
/// The object owns the mapping and may be used from any number of threads.
///
/// - Warning: A process that truncates the file while it is mapped can cause `SIGBUS`; replace files by
///   renaming.
public final class SWTFile: Sendable {
  let image: FileImage
  let indexBytes: IndexBytes
  let directory: Directory
  /// Whether each tensor has passed level 2.
  private let verified: Mutex<[Bool]>

  /// Maps the file at `path` and checks its index.
  ///
  /// - Throws: ``SWTError`` with the first rule that the file violates.
  public convenience init(path: String) throws(SWTError) {
    let mapping: MappedFile
    do {
      mapping = try MappedFile(path: path)
    } catch {
      throw SWTError(.unreadable, "\(error.reason)", cause: error)
    }
    try self.init(FileImage(mapping))
  }

  /// Maps the file and checks it up to `level`; see FORMAT.md section 10.
  ///
  /// - Parameters:
  ///   - path: The file.
  ///   - level: How much to check. Level 1, which ``init(path:)`` uses, is the minimum for safe access.
  ///   - digests: Computes SHA-256, for level 3.
  /// - Throws: ``SWTError`` with the first rule that the file violates.
  public convenience init(
    path: String, checking level: SWTCheckLevel, digests: any DigestProvider
  ) throws(SWTError) {
    try self.init(path: path)
    switch level {
    case .index: break
    case .values: try verifyData()
    case .strict: try verify(using: digests)
    }
  }

  /// Checks level 0 only: whether this is a complete `.swt` file that this library can read.
  ///
  /// Reads the header and the section table, so the cost does not depend on the number of tensors.
  ///
  /// - Throws: ``SWTError`` with the first rule that the file violates.
  public static func probe(path: String) throws(SWTError) -> SWTProbe {
    let mapping: MappedFile
    do {
      mapping = try MappedFile(path: path)
    } catch {
      throw SWTError(.unreadable, "\(error.reason)", cause: error)
    }
    let (directory, _) = try Directory.read(FileImage(mapping), headerOnly: true)
    return SWTProbe(
      versionMinor: Int(directory.versionMinor), tensorCount: directory.tensorCount,
      byteCount: unsafe mapping.buffer.count, dataOffset: directory.dataOffset,
      sections: directory.sections.map(\.kind))
  }

  /// Opens a copy of a file that is already in memory.
  ///
  /// - Throws: ``SWTError`` with the first rule that the bytes violate.
  public convenience init(bytes: [UInt8]) throws(SWTError) {
    try self.init(FileImage(copying: bytes))
  }

  private init(_ image: FileImage) throws(SWTError) {
    self.image = image
    (directory, indexBytes) = try Directory.read(image)
    verified = Mutex(Array(repeating: false, count: directory.tensorCount))
    try checkIndex()
    try checkIndexChecksums()
  }

  /// Size of the file in bytes.
  public var byteCount: Int { image.byteCount }
  /// Offset at which the data region starts and the index region ends.
  public var dataOffset: Int { directory.dataOffset }
  /// The minor version of the format.
  public var versionMinor: Int { Int(directory.versionMinor) }
  /// Every tensor starts at a multiple of this many bytes.
  public var tensorAlignment: Int { directory.tensorAlignment }
  /// The data region starts at a multiple of this many bytes.
  public var dataAlignment: Int { directory.dataAlignment }

  /// The sections in file order: kind, offset, size in bytes and number of records.
  public var sections: [(kind: String, offset: Int, size: Int, count: Int)] {
    directory.sections.map { ($0.kind, $0.range.lowerBound, $0.range.count, $0.count) }
  }

  // MARK: Tensors

  /// Number of tensors, including aliases.
  public var tensorCount: Int { directory.tensorCount }

  /// All tensors in data order, which is execution order if the network is known.
  public var tensors: [TensorInfo] { (0..<tensorCount).map { info($0) } }

  /// The description of a tensor.
  ///
  /// - Precondition: `index` is in `0..<tensorCount`.
  public func info(_ index: Int) -> TensorInfo {
    let record = record(index)
    return TensorInfo(record, index: index, name: indexBytes.text(nameRange(record)))
  }

  /// Index of the tensor with that name, compared bytewise; O(log n).
  public func index(of name: String) -> Int? {
    var name = name
    return name.withUTF8 { wanted in unsafe index(ofUTF8: UnsafeRawBufferPointer(wanted)) }
  }

  /// Index of the tensor whose name has these bytes; O(log n).
  package func index(ofUTF8 wanted: UnsafeRawBufferPointer) -> Int? {
    var (low, high) = (0, tensorCount)
    while low < high {
      let middle = low + (high - low) / 2
      let candidate = nameOrder(middle)
      let order = unsafe indexBytes.compare(nameRange(record(candidate)), with: wanted)
      if order == 0 { return candidate }
      if order < 0 { low = middle + 1 } else { high = middle }
    }
    return nil
  }

  /// A view of a tensor in place; checks its CRC32C the first time.
  ///
  /// - Throws: ``SWTError`` `.noSuchTensor`, `.dtype` for a type unknown to this library, `.dataChecksum` or
  ///   `.padding` for damaged bytes.
  public func view(_ index: Int) throws(SWTError) -> TensorView {
    guard (0..<tensorCount).contains(index) else {
      throw SWTError(.noSuchTensor, "there is no tensor \(index)")
    }
    let info = info(index)
    guard let dtype = info.dtype else {
      let text = "tensor \(info.name) has element type \(info.dtypeCode), unknown to this reader"
      throw SWTError(.dtype, at: record(index).base + 6, text)
    }
    try verifyData(index)
    return TensorView(info, dtype: dtype, file: self)
  }

  /// A view of the tensor with that name.
  ///
  /// - Throws: ``SWTError``, like ``view(_:)``.
  public func view(named name: String) throws(SWTError) -> TensorView {
    guard let index = index(of: name) else {
      throw SWTError(.noSuchTensor, "there is no tensor named \(name)")
    }
    return try view(index)
  }

  /// Advises the system that the whole data region will be read soon.
  public func prefetch() { image.willNeed(dataOffset..<byteCount) }

  // MARK: Checks

  /// Level 2 for one tensor: the CRC32C of its bytes and zero padding before them. Repeated calls cost
  /// nothing.
  ///
  /// - Throws: ``SWTError`` `.dataChecksum` or `.padding`.
  public func verifyData(_ index: Int) throws(SWTError) {
    let index = record(index).isAlias ? Int(record(index).link) : index
    if verified.withLock({ $0[index] }) { return }
    try checkData(index)
    verified.withLock { $0[index] = true }
  }

  /// Level 2 for the whole file, including the padding at its end.
  ///
  /// - Throws: ``SWTError`` `.dataChecksum` or `.padding`.
  public func verifyData() throws(SWTError) {
    for index in 0..<tensorCount { try verifyData(index) }
    try checkTail()
  }

  /// The SHA-256 of the index region, whose checksums and digests cover every byte of the file; nil without
  /// section DGST.
  public func contentID(using digests: any DigestProvider) -> SHA256Digest? {
    guard directory[.digests] != nil else { return nil }
    return indexBytes.withSpan(0..<dataOffset) { digests.sha256($0) }
  }

  /// The recorded SHA-256 of a tensor's bytes; nil without section DGST.
  public func digest(_ index: Int) -> SHA256Digest? {
    guard let section = directory[.digests] else { return nil }
    let start = section.range.lowerBound + 32 * index
    return indexBytes.digest(start)
  }

  // MARK: Access for the rest of the reader

  package func record(_ index: Int) -> TensorRecord {
    precondition((0..<tensorCount).contains(index), "tensor index out of range")
    return TensorRecord(indexBytes, at: directory.tensorsStart + 64 * index)
  }

  package func nameOrder(_ position: Int) -> Int {
    Int(indexBytes.u32(directory.namesStart + 4 * position))
  }

  /// Offsets of the string pool.
  var strings: Range<Int> { directory.strings }

  func nameRange(_ record: TensorRecord) -> Range<Int> {
    let start = strings.lowerBound + record.nameOffset
    return start..<start + record.nameLength
  }

  @unsafe
  func unsafeBytes(_ range: Range<Int>) -> UnsafeRawBufferPointer {
    unsafe UnsafeRawBufferPointer(rebasing: image.buffer[range])
  }
}
