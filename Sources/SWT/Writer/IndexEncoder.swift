internal import SWTChecksums

/// Encodes the index region: all bytes before the data.
struct IndexEncoder {
  private let contents: SWTContents
  private let placement: Placement
  private var strings = StringPool()
  private let names: [[UInt8]]
  private let nameOrder: [Int]
  private let sources: [SWTSourceDigest]
  private let keys: [String]
  private let nameOffsets: [Int]
  /// A multiple of the data alignment; independent of the checksums.
  private(set) var dataOffset = 0

  init(_ contents: SWTContents, _ placement: Placement) throws(SWTError) {
    self.contents = contents
    self.placement = placement
    let names = contents.tensors.map { Array($0.name.utf8) }
    self.names = names
    // Bytewise, because String compares by Unicode canonical equivalence.
    nameOrder = names.indices.sorted { names[$0].lexicographicallyPrecedes(names[$1]) }
    for (a, b) in zip(nameOrder, nameOrder.dropFirst()) where names[a] == names[b] {
      throw SWTError(.nameOrder, "two tensors are named \(contents.tensors[a].name)")
    }
    keys = contents.metadata.keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    for key in keys where !SWTFile.isMetadataKey(key.utf8) || key.utf8.count > Int(UInt16.max) {
      throw SWTError(.metadata, "a metadata key must match [a-z0-9_.]+; \(key) does not")
    }
    sources = contents.sources.ordered
    guard sources.allSatisfy({ $0.name.utf8.count <= Int(UInt16.max) }) else {
      throw SWTError(.sourceDigest, "the name of a source tensor has more than 65535 bytes")
    }
    guard contents.receipts.isEmpty || contents.receipts.count == names.count else {
      throw SWTError(.receipt, "\(contents.receipts.count) receipts for \(names.count) tensors")
    }
    let (tensorLog, dataLog) = (contents.tensorAlignmentLog2, contents.dataAlignmentLog2)
    guard (6...16).contains(tensorLog), (6...16).contains(dataLog), tensorLog <= dataLog else {
      throw SWTError(
        .alignment, "alignments must be 2^6 to 2^16, the tensors' at most the data region's")
    }
    var offsets = [Int](repeating: 0, count: names.count)
    for index in nameOrder { offsets[index] = strings.place(names[index]) }
    nameOffsets = offsets
    let empty = SHA256Digest.zero
    let draft = try encode(
      crcs: Array(repeating: 0, count: names.count), digests: Array(repeating: empty, count: names.count))
    dataOffset = draft.count
  }

  /// Size of the whole file in bytes.
  var fileSize: Int {
    let end = dataOffset + placement.end
    return (SWTFormat.alignUp(end, SWTFormat.sectionAlignment) ?? end) + SWTFormat.tailSize
  }

  /// The index region, given the tensors' checksums and digests in data order.
  func encode(crcs: [UInt32], digests: [SHA256Digest]) throws(SWTError) -> [UInt8] {
    var pool = strings
    var records = RecordEncoder()
    for index in contents.tensors.indices {
      records.tensor(
        contents.tensors[index], nameOffset: nameOffsets[index], nameLength: names[index].count,
        offset: dataOffset + placement.offsets[index], length: placement.byteCounts[index],
        crc: crcs[index], aliasOf: placement.aliasOf[index])
      records.digests.put(digests[index].bytes)
      if !contents.receipts.isEmpty { records.receipt(contents.receipts[index]) }
    }
    for index in nameOrder { records.byName.u32(index) }
    for key in keys {
      if let value = contents.metadata[key] { try records.metadata(key, value, &pool) }
    }
    for quantization in contents.quantizations { try records.quantization(quantization) }
    for source in sources { records.source(source, &pool) }
    for set in contents.goldenSets { try records.goldenSet(set, &pool) }
    guard pool.bytes.count < Int(UInt32.max) else { throw SWTError(.limit, "more than 4 GiB of text") }
    return assemble(records.sections(strings: pool.bytes))
  }

  private func assemble(_ sections: [(kind: SectionKind, bytes: [UInt8])]) -> [UInt8] {
    var table = FieldWriter()
    var body = FieldWriter()
    let start = SWTFormat.headerSize + SWTFormat.sectionEntrySize * sections.count
    body.put([UInt8](repeating: 0, count: start))
    for section in sections {
      body.pad(to: SWTFormat.sectionAlignment)
      table.put(Array(section.kind.rawValue.utf8))
      table.put(UInt32(section.kind.isCritical ? 1 : 0))
      table.put(UInt64(body.bytes.count))
      table.put(UInt64(section.bytes.count))
      table.u32(section.bytes.count / section.kind.recordSize)
      table.put(CRC32C.checksum(section.bytes))
      body.put(section.bytes)
    }
    body.pad(to: 1 << contents.dataAlignmentLog2)

    var header = FieldWriter()
    header.put(SWTFormat.magic)
    header.put(SWTFormat.versionMajor)
    header.put(SWTFormat.versionMinor)
    header.u32(SWTFormat.headerSize)
    header.put(UInt64(fileSize))
    header.put(UInt64(body.bytes.count))
    header.u32(contents.tensors.count)
    header.u32(sections.count)
    header.u8(contents.tensorAlignmentLog2)
    header.u8(contents.dataAlignmentLog2)
    header.u16(0)
    header.put([UInt8](repeating: 0, count: 16))
    header.put(CRC32C.checksum(header.bytes + table.bytes))
    let front = header.bytes + table.bytes
    return front + body.bytes[front.count...]
  }
}
