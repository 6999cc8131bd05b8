/// A 64-byte record of TENS, read in place and not yet checked.
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

  /// Valid only after the rank was checked.
  package var shape: [Int] { (0..<rank).map { dimension($0) } }

  /// Whether one record may be an alias of the other: bytes 6 to 55 are equal.
  package func describesSameData(as other: TensorRecord) -> Bool {
    index.u16(base + 6) == index.u16(other.base + 6)
      && (1..<7).allSatisfy { index.u64(base + 8 * $0) == index.u64(other.base + 8 * $0) }
  }

  /// Checks everything needed to read this record and its data safely, without looking at other records.
  @inline(__always)
  package func check(_ directory: Directory, fileSize: Int, stringsSize: Int) throws(SWTError) {
    guard nameOffset <= stringsSize, nameLength <= stringsSize - nameOffset,
      (1...SWTFormat.maximumNameLength).contains(nameLength)
    else {
      let text = "a tensor name of \(nameLength) bytes at \(nameOffset) is too long or outside the strings"
      throw SWTError(.name, at: base, text)
    }
    guard dtype != 0 else { throw SWTError(.dtype, at: base + 6, "element type 0 is invalid") }
    guard rank <= SWTFormat.maximumRank else {
      throw SWTError(.rank, at: base + 7, "rank \(rank); the maximum is 6")
    }
    // Two dimensions at a time, because this function dominates the time to open a file.
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
    // The common case; valid for every rank.
    if dimOrder == SWTFormat.rowMajor { return }
    var seen: UInt32 = 0
    for k in 0..<8 {
      let nibble = dimOrder >> UInt32(4 * k) & 15
      guard k < rank ? nibble < rank && seen >> nibble & 1 == 0 : nibble == k else {
        let text = String(dimOrder, radix: 16)
        throw SWTError(.dimOrder, at: base + 48, "dimension order 0x\(text) is not a permutation")
      }
      seen |= 1 << nibble
    }
  }

  @inline(__always)
  private func checkPlace(_ directory: Directory, _ fileSize: Int) throws(SWTError) {
    if let type = SWTDType(rawValue: dtype) {
      guard let expected = SWTFormat.byteCount((0..<rank).lazy.map { dimension($0) }, type) else {
        throw SWTError(.overflow, at: base + 24, "shape \(shape) has too many elements")
      }
      guard dataLength == UInt64(expected) else {
        throw SWTError(
          .dataLength, at: base + 16, "\(dataLength) bytes of data, but the shape needs \(expected)")
      }
    }
    guard let offset = Int(exactly: dataOffset), let length = Int(exactly: dataLength),
      offset >= directory.dataOffset, offset <= fileSize, length <= fileSize - offset
    else { throw SWTError(.dataBounds, at: base + 8, "the data is outside the data region") }
    guard offset & (directory.tensorAlignment - 1) == 0 else {
      throw SWTError(.dataPlace, at: base + 8, "the data is not aligned to \(directory.tensorAlignment)")
    }
  }

  @inline(__always)
  private func checkFlags(_ directory: Directory) throws(SWTError) {
    if directory.isStrict {
      guard role <= 7 else { throw SWTError(.role, at: base + 60, "role \(role) is unknown") }
      guard flags & ~RecordFlags.known == 0 else { throw SWTError(.flags, at: base + 61, "unknown flags") }
      guard reserved == 0 else { throw SWTError(.reserved, at: base + 62, "a reserved field is not zero") }
    }
    switch (isAlias, flags & RecordFlags.quantized != 0) {
    case (true, true):
      throw SWTError(.flags, at: base + 61, "a quantized tensor cannot be an alias")
    case (true, false):
      // Here the target only has to exist; the check of the whole index requires an earlier one.
      guard link < directory.tensorCount else {
        throw SWTError(.link, at: base + 56, "an alias of record \(link), which does not exist")
      }
    case (false, true):
      guard link < directory[.quantization]?.count ?? 0 else {
        throw SWTError(.link, at: base + 56, "quantization record \(link) does not exist")
      }
    case (false, false):
      guard link == SWTFormat.none else {
        throw SWTError(.link, at: base + 56, "a link without the alias or quantized flag")
      }
    }
  }
}
