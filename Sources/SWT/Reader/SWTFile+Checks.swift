internal import SWTChecksums

extension SWTFile {
  /// Level 1: every tensor record, the packing of the data, the order of the names, and the other sections.
  func checkIndex() throws(SWTError) {
    var end = dataOffset
    for index in 0..<tensorCount {
      let record = record(index)
      try record.check(directory, fileSize: byteCount, stringsSize: strings.count)
      if record.isAlias {
        guard record.link < index else {
          throw SWTError(.alias, at: record.base + 56, "an alias must refer to an earlier record")
        }
        let target = self.record(Int(record.link))
        guard !target.isAlias, target.flags & RecordFlags.quantized == 0, record.describesSameData(as: target)
        else { throw SWTError(.alias, at: record.base, "an alias differs from record \(record.link)") }
      } else {
        guard let place = SWTFormat.alignUp(end, directory.tensorAlignment), record.dataOffset == place else {
          throw SWTError(
            .dataPlace, at: record.base + 8, "the data does not directly follow the previous tensor")
        }
        end = place + Int(record.dataLength)
      }
    }
    guard let last = SWTFormat.alignUp(end, SWTFormat.sectionAlignment),
      last <= byteCount, byteCount - last == SWTFormat.tailSize
    else {
      throw SWTError(
        .fileEnd, at: 16, "the file does not end 64 bytes after the aligned end of its last tensor")
    }
    try checkNames()
    try checkMetadata()
    try checkQuantization()
    try checkSources()
    try checkGolden()
  }

  /// Strictly ascending names prove that BYNM is a permutation and that names are unique.
  private func checkNames() throws(SWTError) {
    var previous: Range<Int>?
    for position in 0..<tensorCount {
      let at = directory.namesStart + 4 * position
      let index = nameOrder(position)
      guard index < tensorCount else {
        throw SWTError(.nameOrder, at: at, "name index \(index) is out of range")
      }
      let name = nameRange(record(index))
      if let previous, indexBytes.compare(previous, name) >= 0 {
        throw SWTError(.nameOrder, at: at, "names are not in ascending order, or one appears twice")
      }
      previous = name
    }
  }

  /// Level 1c: checksums of the sections, and zero padding between them and before the data.
  func checkIndexChecksums() throws(SWTError) {
    var end = SWTFormat.headerSize + SWTFormat.sectionEntrySize * directory.sections.count
    for section in directory.sections {
      guard indexBytes.withSpan(end..<section.range.lowerBound, { isZero($0) }) else {
        throw SWTError(.padding, at: end, "padding before section \(section.kind) is not zero")
      }
      guard indexBytes.withSpan(section.range, { CRC32C.checksum($0) }) == section.crc else {
        let text = "the checksum of section \(section.kind) does not match"
        throw SWTError(.sectionChecksum, at: section.range.lowerBound, text)
      }
      end = section.range.upperBound
    }
    guard indexBytes.withSpan(end..<dataOffset, { isZero($0) }) else {
      throw SWTError(.padding, at: end, "padding before the data is not zero")
    }
  }

  /// Level 2 for a tensor that is not an alias.
  func checkData(_ index: Int) throws(SWTError) {
    let record = record(index)
    let (start, count) = (Int(record.dataOffset), Int(record.dataLength))
    let name = indexBytes.text(nameRange(record))
    // Level 1 proved that the gap before it is smaller than the alignment and starts where its predecessor
    // ends.
    let gap = max(dataOffset, previousEnd(index))..<start
    guard image.withSpan(gap, { isZero($0) }) else {
      throw SWTError(.padding, at: gap.lowerBound, "padding before tensor \(name) is not zero")
    }
    guard image.withSpan(start..<start + count, { CRC32C.checksum($0) }) == record.crc else {
      throw SWTError(.dataChecksum, at: start, "the checksum of tensor \(name) does not match its bytes")
    }
    if record.dtype == SWTDType.i4.rawValue, count > 0, record.shape.reduce(1, { $0 &* ($1 & 1) }) == 1 {
      let last = image.copy(start + count - 1..<start + count)[0]
      guard last >> 4 == 0 else {
        throw SWTError(.padding, at: start + count - 1, "the unused nibble of tensor \(name) is not zero")
      }
    }
  }

  /// End of the data of the last record before `index` that is not an alias.
  private func previousEnd(_ index: Int) -> Int {
    var i = index - 1
    while i >= 0 {
      let record = record(i)
      if !record.isAlias { return Int(record.dataOffset + record.dataLength) }
      i -= 1
    }
    return dataOffset
  }

  /// The padding and the 64 zero bytes at the end of the file.
  func checkTail() throws(SWTError) {
    let end = previousEnd(tensorCount)
    guard image.withSpan(end..<byteCount, { isZero($0) }) else {
      throw SWTError(.padding, at: end, "the padding at the end of the file is not zero")
    }
  }
}
