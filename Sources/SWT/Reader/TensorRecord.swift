/// One 64-byte record of TENS, not yet checked, read where it lies.
package struct TensorRecord {
  private let index: IndexBytes
  /// Offset of the record in the file.
  package let base: Int

  package init(_ index: IndexBytes, at base: Int) {
    self.index = index
    self.base = base
  }

  package var nameOffset: Int { Int(index.u32(base)) }
  package var nameLength: Int { Int(index.u16(base + 4)) }
  package var dtype: UInt8 { index.u8(base + 6) }
  package var rank: Int { Int(index.u8(base + 7)) }
  package var dataOffset: UInt64 { index.u64(base + 8) }
  package var dataLength: UInt64 { index.u64(base + 16) }
  package func dimension(_ k: Int) -> Int { Int(index.u32(base + 24 + 4 * k)) }
  package var dimOrder: UInt32 { index.u32(base + 48) }
  package var crc: UInt32 { index.u32(base + 52) }
  package var link: UInt32 { index.u32(base + 56) }
  package var role: UInt8 { index.u8(base + 60) }
  package var flags: UInt8 { index.u8(base + 61) }
  package var reserved: UInt16 { index.u16(base + 62) }
  package var isAlias: Bool { flags & RecordFlags.alias != 0 }

  /// Only for a record whose rank was checked.
  package var shape: [Int] { (0..<rank).map { dimension($0) } }

  /// True when an alias may stand for the other record: all of bytes 6, 7 and 8 to 55 are equal.
  package func describesSameData(as other: TensorRecord) -> Bool {
    index.u16(base + 6) == index.u16(other.base + 6)
      && (1..<7).allSatisfy { index.u64(base + 8 * $0) == index.u64(other.base + 8 * $0) }
  }

  /// Checks everything that makes a read of this record safe, independent of all others but its link target.
  @inline(__always)
  package func check(_ directory: Directory, fileSize: Int, stringsSize: Int) throws(SWTError) {
    guard nameOffset <= stringsSize, nameLength <= stringsSize - nameOffset,
      (1...SWTFormat.maximumNameLength).contains(nameLength)
    else { throw SWTError(.name, at: base, "a tensor name of \(nameLength) bytes at \(nameOffset)") }
    guard dtype != 0 else { throw SWTError(.dtype, at: base + 6, "element type 0") }
    guard rank <= SWTFormat.maximumRank else {
      throw SWTError(.rank, at: base + 7, "rank \(rank), at most 6")
    }
    // Two dimensions at a time: opening spends its time in this function.
    for pair in rank / 2..<SWTFormat.maximumRank / 2 {
      let used = max(rank - 2 * pair, 0)
      guard index.u64(base + 24 + 8 * pair) >> UInt64(32 * used) == 0 else {
        let k = 2 * pair + (dimension(2 * pair) == 0 || used == 1 ? 1 : 0)
        throw SWTError(.dimensions, at: base + 24 + 4 * k, "unused dimension \(k) is not zero")
      }
    }
    try checkPlace(directory, fileSize)
    try checkDimOrder()
    try checkFlags(directory)
  }

  private func checkDimOrder() throws(SWTError) {
    // Right for every rank, and what nearly every tensor has.
    if dimOrder == SWTFormat.rowMajor { return }
    var seen: UInt32 = 0
    for k in 0..<8 {
      let nibble = dimOrder >> UInt32(4 * k) & 15
      guard k < rank ? nibble < rank && seen >> nibble & 1 == 0 : nibble == k else {
        let text = String(dimOrder, radix: 16)
        throw SWTError(.dimOrder, at: base + 48, "dimension order 0x\(text) is no permutation")
      }
      seen |= 1 << nibble
    }
  }

  @inline(__always)
  private func checkPlace(_ directory: Directory, _ fileSize: Int) throws(SWTError) {
    if let type = SWTDType(rawValue: dtype) {
      guard let expected = SWTFormat.byteCount((0..<rank).lazy.map { dimension($0) }, type) else {
        throw SWTError(.overflow, at: base + 24, "the shape \(shape) has too many elements")
      }
      guard dataLength == UInt64(expected) else {
        throw SWTError(.dataLength, at: base + 16, "\(dataLength) bytes of data, the shape needs \(expected)")
      }
    }
    guard let offset = Int(exactly: dataOffset), let length = Int(exactly: dataLength),
      offset >= directory.dataOffset, offset <= fileSize, length <= fileSize - offset
    else { throw SWTError(.dataBounds, at: base + 8, "the data leaves the file") }
    guard offset & (directory.tensorAlignment - 1) == 0 else {
      throw SWTError(.dataPlace, at: base + 8, "the data is not aligned to \(directory.tensorAlignment)")
    }
  }

  @inline(__always)
  private func checkFlags(_ directory: Directory) throws(SWTError) {
    if directory.isStrict {
      guard role <= 7 else { throw SWTError(.role, at: base + 60, "role \(role) is unknown") }
      guard flags & ~RecordFlags.known == 0 else { throw SWTError(.flags, at: base + 61, "unknown flags") }
      guard reserved == 0 else { throw SWTError(.reserved, at: base + 62, "reserved field is not zero") }
    }
    switch (isAlias, flags & RecordFlags.quantized != 0) {
    case (true, true):
      throw SWTError(.flags, at: base + 61, "a quantised tensor cannot be an alias")
    case (true, false):
      // "Smaller than its own index" is checked with the whole index; here it only has to exist.
      guard link < directory.tensorCount else {
        throw SWTError(.link, at: base + 56, "alias of record \(link)")
      }
    case (false, true):
      guard link < directory[.quantization]?.count ?? 0 else {
        throw SWTError(.link, at: base + 56, "quantisation record \(link) does not exist")
      }
    case (false, false):
      guard link == SWTFormat.none else { throw SWTError(.link, at: base + 56, "a link without a flag") }
    }
  }
}
