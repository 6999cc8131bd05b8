internal import SWTChecksums

/// Header and section table, after the checks of level 0.
package struct Directory: Sendable {
  package struct Section: Sendable {
    package var kind: String
    package var range: Range<Int>
    package var count: Int
    package var crc: UInt32
    /// Offset of the entry itself, for errors.
    package var entry: Int
  }

  package let versionMinor: UInt16
  package let dataOffset: Int
  package let tensorCount: Int
  package let tensorAlignment: Int
  package let dataAlignment: Int
  package let optionalFeatures: UInt32
  package let sections: [Section]
  /// The known sections, indexed by ``SectionKind/place``.
  private let known: [Section?]
  // Every access to a tensor needs these, and opening is dominated by such accesses: no lookup in the table.
  /// Offsets of `TENS` and `BYNM`.
  package let tensorsStart, namesStart: Int
  /// Offsets of the string pool.
  package let strings: Range<Int>

  /// Whether reserved fields must be zero; a newer minor version may use them.
  package var isStrict: Bool { versionMinor <= SWTFormat.versionMinor }

  package subscript(_ kind: SectionKind) -> Section? { known[kind.place] }

  /// Copies the index region, or only its header and section table, and checks everything that does not
  /// depend on the number of tensors.
  package static func read(
    _ image: FileImage, headerOnly: Bool = false
  ) throws(SWTError) -> (Directory, IndexBytes) {
    let size = image.byteCount
    let head = IndexBytes(image.copy(0..<min(size, SWTFormat.headerSize)))
    guard size >= SWTFormat.headerSize else {
      throw SWTError(.truncated, at: size, "the file has \(size) bytes; the header alone takes 64")
    }
    try checkHeader(head, size)
    guard let dataOffset = Int(exactly: head.u64(24)), dataOffset <= size, dataOffset >= SWTFormat.headerSize
    else { throw SWTError(.dataOffset, at: 24, "the data starts at \(head.u64(24)), outside the file") }
    guard dataOffset <= SWTFormat.maximumIndexSize else {
      throw SWTError(.limit, at: 24, "the index has \(dataOffset) bytes; this reader's limit is a gigabyte")
    }
    // From here on only the copy is read, so another process cannot change it between check and use.
    let table = SWTFormat.headerSize + SWTFormat.sectionEntrySize * SWTFormat.maximumSectionCount
    let index = IndexBytes(image.copy(0..<(headerOnly ? min(table, dataOffset) : dataOffset)))
    try checkHeader(index, size)
    return (try Directory(index, dataOffset: dataOffset), index)
  }

  private static func checkHeader(_ head: IndexBytes, _ size: Int) throws(SWTError) {
    guard head.bytes(0..<8).elementsEqual(SWTFormat.magic) else {
      throw SWTError(.magic, at: 0, "not a .swt file: it does not start with 89 53 57 54 0D 0A 1A 0A")
    }
    guard head.u16(8) == SWTFormat.versionMajor else {
      let version = "\(head.u16(8)).\(head.u16(10))"
      throw SWTError(.version, at: 8, "format version \(version); this reader supports 1.x")
    }
    guard head.u32(44) == 0 else {
      let bits = String(head.u32(44), radix: 16)
      throw SWTError(
        .requiredFeature, at: 44, "the file requires features 0x\(bits), which this reader lacks")
    }
    guard head.u32(12) == SWTFormat.headerSize else {
      throw SWTError(.headerSize, at: 12, "header size \(head.u32(12)), expected 64")
    }
    let claimed = head.u64(16)
    guard claimed <= UInt64(size) else {
      throw SWTError(.truncated, at: 16, "the file has only \(size) of its \(claimed) bytes")
    }
    guard claimed == UInt64(size) else {
      throw SWTError(.trailingBytes, at: 16, "\(UInt64(size) - claimed) bytes follow the end of the file")
    }
  }

  private init(_ index: IndexBytes, dataOffset: Int) throws(SWTError) {
    versionMinor = index.u16(10)
    self.dataOffset = dataOffset
    optionalFeatures = index.u32(48)
    let (tensorLog, dataLog) = (index.u8(40), index.u8(41))
    guard SWTFormat.alignmentRange.contains(tensorLog), SWTFormat.alignmentRange.contains(dataLog),
      tensorLog <= dataLog
    else {
      let text =
        "alignments 2^\(tensorLog) and 2^\(dataLog); both must be 2^6 to 2^16, the first at most the second"
      throw SWTError(.alignment, at: 40, text)
    }
    tensorAlignment = 1 << Int(tensorLog)
    dataAlignment = 1 << Int(dataLog)
    let isStrict = versionMinor <= SWTFormat.versionMinor
    guard !isStrict || (index.u16(42) == 0 && index.u64(52) == 0) else {
      throw SWTError(
        .reserved, at: index.u16(42) != 0 ? 42 : 52, "a reserved field of the header is not zero")
    }
    guard let tensorCount = Int(exactly: index.u32(32)), let sectionCount = Int(exactly: index.u32(36)),
      sectionCount <= SWTFormat.maximumSectionCount
    else { throw SWTError(.sectionCount, at: 36, "\(index.u32(36)) sections; the maximum is 64") }
    self.tensorCount = tensorCount
    let tableEnd = SWTFormat.headerSize + SWTFormat.sectionEntrySize * sectionCount
    guard tableEnd <= dataOffset else {
      throw SWTError(.sectionCount, at: 36, "the section table does not fit before the data")
    }
    var crc = CRC32C()
    index.withSpan(0..<60) { crc.update($0) }
    index.withSpan(SWTFormat.headerSize..<tableEnd) { crc.update($0) }
    guard crc.value == index.u32(60) else {
      throw SWTError(.headerChecksum, at: 60, "the checksum of the header and section table does not match")
    }
    sections = try Self.readTable(index, sectionCount, tableEnd, dataOffset, isStrict: isStrict)
    guard let end = SWTFormat.alignUp(sections.last?.range.upperBound ?? tableEnd, 1 << Int(dataLog)),
      end == dataOffset
    else { throw SWTError(.dataOffset, at: 24, "the data does not start at the aligned end of the index") }
    known = try Self.knownSections(sections, tensorCount)
    tensorsStart = known[SectionKind.tensors.place]?.range.lowerBound ?? 0
    namesStart = known[SectionKind.byName.place]?.range.lowerBound ?? 0
    strings = known[SectionKind.strings.place]?.range ?? 0..<0
  }

  private static func readTable(
    _ index: IndexBytes, _ count: Int, _ tableEnd: Int, _ dataOffset: Int, isStrict: Bool
  ) throws(SWTError) -> [Section] {
    var sections: [Section] = []
    var end = tableEnd
    for i in 0..<count {
      let entry = SWTFormat.headerSize + SWTFormat.sectionEntrySize * i
      let kind = index.text(entry..<entry + 4)
      guard index.bytes(entry..<entry + 4).allSatisfy({ (0x21...0x7E).contains($0) }) else {
        throw SWTError(.sectionKind, at: entry, "a section kind is four printable ASCII characters")
      }
      guard !sections.contains(where: { $0.kind == kind }) else {
        throw SWTError(.sectionTwice, at: entry, "section \(kind) appears twice")
      }
      let flags = index.u32(entry + 4)
      guard !isStrict || flags <= 1 else {
        throw SWTError(.sectionFlags, at: entry + 4, "section \(kind) has unknown flags")
      }
      if let known = SectionKind(rawValue: kind) {
        guard (flags & 1 == 1) == known.isCritical else {
          throw SWTError(.sectionFlags, at: entry + 4, "section \(kind) has the wrong critical bit")
        }
      } else if flags & 1 == 1 {
        throw SWTError(
          .unknownCriticalSection, at: entry, "the file requires section \(kind), unknown to this reader")
      }
      guard let offset = Int(exactly: index.u64(entry + 8)), let size = Int(exactly: index.u64(entry + 16)),
        offset == SWTFormat.alignUp(end, SWTFormat.sectionAlignment), offset <= dataOffset,
        size <= dataOffset - offset
      else {
        throw SWTError(
          .sectionPlace, at: entry + 8, "section \(kind) does not directly follow the previous one")
      }
      end = offset + size
      sections.append(
        Section(
          kind: kind, range: offset..<end, count: Int(index.u32(entry + 24)), crc: index.u32(entry + 28),
          entry: entry))
    }
    return sections
  }

  private static func knownSections(
    _ sections: [Section], _ tensorCount: Int
  ) throws(SWTError) -> [Section?] {
    var known = [Section?](repeating: nil, count: SectionKind.allCases.count)
    for section in sections {
      guard let kind = SectionKind(rawValue: section.kind) else { continue }
      known[kind.place] = section
      let (size, overflow) = section.count.multipliedReportingOverflow(by: kind.recordSize)
      guard !overflow, size == section.range.count else {
        let text = "\(section.count) records in \(section.range.count) bytes of section \(section.kind)"
        throw SWTError(.sectionSize, at: section.entry + 16, text)
      }
      switch kind {
      case .tensors, .byName, .digests, .receipts:
        guard section.count == tensorCount else {
          let text = "section \(section.kind) has \(section.count) records for \(tensorCount) tensors"
          throw SWTError(.sectionSize, at: section.entry + 24, text)
        }
      default: break
      }
    }
    for kind in [SectionKind.tensors, .byName, .strings] where known[kind.place] == nil {
      throw SWTError(.sectionMissing, "section \(kind.rawValue) is missing")
    }
    if known[SectionKind.golden.place] != nil && known[SectionKind.goldenSets.place] == nil {
      throw SWTError(.sectionMissing, "section GOLD without section GSET")
    }
    return known
  }
}
