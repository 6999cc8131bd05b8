internal import SWTBytes
internal import SWTChecksums

/// Encodes the index region: all bytes before the data.
///
/// A file may have millions of tensors, so their records are written where they belong, and nothing is kept twice.
struct IndexEncoder {
  private let contents: SWTContents
  private let placement: Placement
  private let nameOffsets: [Int]
  /// All sections except those with one record per tensor.
  private let records: RecordEncoder
  private let strings: [UInt8]
  /// A multiple of the data alignment; independent of the checksums.
  let dataOffset: Int

  init(_ contents: SWTContents, _ placement: Placement) throws(SWTError) {
    self.contents = contents
    self.placement = placement
    let tensors = contents.tensors
    // Bytewise, because String compares by Unicode canonical equivalence.
    let nameOrder = tensors.indices.sorted { ExactString(tensors[$0].name) < ExactString(tensors[$1].name) }
    for (a, b) in zip(nameOrder, nameOrder.dropFirst())
    where ExactString(tensors[a].name) == ExactString(tensors[b].name) {
      throw SWTError(.nameOrder, "two tensors are named \(tensors[a].name)")
    }
    let keys = contents.metadata.keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    for key in keys where !SWTFile.isMetadataKey(key.utf8) || key.utf8.count > Int(UInt16.max) {
      throw SWTError(.metadata, "a metadata key must match [a-z0-9_.]+; \(key) does not")
    }
    guard contents.sources.allSatisfy({ $0.name.utf8.count <= Int(UInt16.max) }) else {
      throw SWTError(.sourceDigest, "the name of a source tensor has more than 65535 bytes")
    }
    guard contents.receipts.isEmpty || contents.receipts.count == tensors.count else {
      throw SWTError(.receipt, "\(contents.receipts.count) receipts for \(tensors.count) tensors")
    }
    let (tensorLog, dataLog) = (contents.tensorAlignmentLog2, contents.dataAlignmentLog2)
    guard (6...16).contains(tensorLog), (6...16).contains(dataLog), tensorLog <= dataLog else {
      throw SWTError(
        .alignment, "alignments must be 2^6 to 2^16, the tensors' at most the data region's")
    }
    var pool = StringPool()
    var offsets = [Int](repeating: 0, count: tensors.count)
    for index in nameOrder { offsets[index] = pool.place(tensors[index].name.utf8) }
    nameOffsets = offsets
    var records = RecordEncoder()
    for index in nameOrder { records.byName.u32(index) }
    for key in keys {
      if let value = contents.metadata[key] { try records.metadata(key, value, &pool) }
    }
    for quantization in contents.quantizations { try records.quantization(quantization) }
    for index in contents.sources.order { records.source(contents.sources[index], &pool) }
    for set in contents.goldenSets { try records.goldenSet(set, &pool) }
    guard pool.bytes.count < Int(UInt32.max) else { throw SWTError(.limit, "more than 4 GiB of text") }
    strings = pool.bytes
    self.records = records
    let sections = records.sections(contents, strings: strings)
    var end = SWTFormat.headerSize + SWTFormat.sectionEntrySize * sections.count
    for section in sections { end = Self.aligned(end, SWTFormat.sectionAlignment) + section.byteCount }
    dataOffset = Self.aligned(end, 1 << dataLog)
  }

  private static func aligned(_ offset: Int, _ alignment: Int) -> Int {
    SWTFormat.alignUp(offset, alignment) ?? offset
  }

  /// Size of the whole file in bytes.
  var fileSize: Int {
    Self.aligned(dataOffset + placement.end, SWTFormat.sectionAlignment) + SWTFormat.tailSize
  }

  /// The index region, given the tensors' checksums and digests in data order.
  func encode(crcs: [UInt32], digests: [SHA256Digest]) -> [UInt8] {
    let sections = records.sections(contents, strings: strings)
    var table = FieldWriter()
    var index = FieldWriter()
    index.reserve(dataOffset)
    let start = SWTFormat.headerSize + SWTFormat.sectionEntrySize * sections.count
    index.put([UInt8](repeating: 0, count: start))
    for section in sections {
      index.pad(to: SWTFormat.sectionAlignment)
      let start = index.bytes.count
      switch section.kind {
      case .tensors: putTensors(crcs, to: &index)
      case .digests: for digest in digests { index.put(digest) }
      case .receipts: for receipt in contents.receipts { index.put(receipt) }
      case .strings: index.put(strings)
      case .byName, .metadata, .quantization, .sources, .goldenSets, .golden:
        index.put(records.bytes(of: section.kind))
      }
      table.put(Array(section.kind.rawValue.utf8))
      table.put(UInt32(section.kind.isCritical ? 1 : 0))
      table.put(UInt64(start))
      table.put(UInt64(section.byteCount))
      table.u32(section.byteCount / section.kind.recordSize)
      table.put(index.checksum(from: start))
    }
    index.pad(to: 1 << contents.dataAlignmentLog2)
    index.putFront(header(sections.count, table.bytes))
    return index.bytes
  }

  private func putTensors(_ crcs: [UInt32], to index: inout FieldWriter) {
    for tensor in contents.tensors.indices {
      let spec = contents.tensors[tensor]
      index.put(
        spec, nameOffset: nameOffsets[tensor], nameLength: spec.name.utf8.count,
        offset: dataOffset + placement.offsets[tensor], length: placement.byteCounts[tensor],
        crc: crcs[tensor], aliasOf: placement.aliasOf[tensor])
    }
  }

  /// The header and the table of sections.
  private func header(_ sectionCount: Int, _ table: [UInt8]) -> [UInt8] {
    var header = FieldWriter()
    header.put(SWTFormat.magic)
    header.put(SWTFormat.versionMajor)
    header.put(SWTFormat.versionMinor)
    header.u32(SWTFormat.headerSize)
    header.put(UInt64(fileSize))
    header.put(UInt64(dataOffset))
    header.u32(contents.tensors.count)
    header.u32(sectionCount)
    header.u8(contents.tensorAlignmentLog2)
    header.u8(contents.dataAlignmentLog2)
    header.u16(0)
    header.put([UInt8](repeating: 0, count: 16))
    header.put(CRC32C.checksum(header.bytes + table))
    return header.bytes + table
  }
}
