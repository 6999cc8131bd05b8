internal import SWTBytes

/// The directory of a zip archive, read without libzip: on systems that do not have it, and in programs that
/// should not depend on it.
///
/// Source: PKWARE's APPNOTE.TXT, sections 4.3.12 (records), 4.4.4 (flags), 4.5.3 (zip64) and appendix D
/// (encoding of names).
struct CentralDirectory: ZipReader {
  /// Bytes of the directory that are read at once.
  private static let pieceSize = 1 << 16
  private static let (zip64ID, unicodePathID): (UInt16, UInt16) = (0x0001, 0x7075)

  private var source: ReadAhead
  private let end: Int
  private var position: Int
  let count: UInt64

  init(_ source: any ByteSource, _ extent: ZipExtent) {
    self.source = ReadAhead(source)
    position = extent.directory
    end = extent.directoryEnd
    count = extent.count
  }

  mutating func record(_ index: UInt64) throws(ParseFailure) -> ZipRecord {
    let start = position
    guard end - start >= ZipExtent.recordSize else {
      throw ParseFailure(
        .invalid("the zip directory has \(index) entries; its end record says \(count)"), at: start)
    }
    var first = try source.index(of: start, count: ZipExtent.recordSize, ahead: Self.pieceSize)
    guard source.bytes[first...].starts(with: FileMagic.zipDirectory) else {
      throw ParseFailure(.invalid("zip entry \(index) cannot be read"), at: start)
    }
    let lengths = ZipExtent.lengths(source.bytes, at: first)
    let size = ZipExtent.recordSize + lengths.name + lengths.extra + lengths.comment
    guard size <= end - start else {
      throw ParseFailure(.invalid("zip entry \(index) continues after the directory"), at: start)
    }
    first = try source.index(of: start, count: size, ahead: Self.pieceSize)
    let bytes = source.bytes
    position += size
    if index == count - 1, position != end {
      throw ParseFailure(.invalid("bytes follow the last entry of the zip directory"), at: position)
    }
    let flags = LittleEndian.load(UInt16.self, bytes, at: first + 8)
    let extra = first + ZipExtent.recordSize + lengths.name
    let name = try Self.name(
      bytes[first + ZipExtent.recordSize..<extra], isUTF8: flags & 0x800 != 0, at: start)
    var sizes = ZipSizes(
      byteCount: UInt64(LittleEndian.load(UInt32.self, bytes, at: first + 24)),
      packedByteCount: UInt64(LittleEndian.load(UInt32.self, bytes, at: first + 20)),
      headerOffset: UInt64(LittleEndian.load(UInt32.self, bytes, at: first + 42)))
    try Self.eachField(bytes, extra..<extra + lengths.extra, of: name, at: start) {
      id, data throws(ParseFailure) in
      switch id {
      case Self.zip64ID: try sizes.widen(data, of: name, at: start)
      case Self.unicodePathID: throw ParseFailure(.unsupported("entry \(name) has a second name"), at: start)
      default: break
      }
    }
    return ZipRecord(
      name: name, isEncrypted: flags & 1 != 0, method: LittleEndian.load(UInt16.self, bytes, at: first + 10),
      byteCount: sizes.byteCount, packedByteCount: sizes.packedByteCount,
      crc32: LittleEndian.load(UInt32.self, bytes, at: first + 16), headerOffset: sizes.headerOffset)
  }

  func header(of record: ZipRecord, _ index: UInt64) throws(ParseFailure) -> Int {
    try Checked.int(record.headerOffset, "offset of \(record.name)")
  }

  /// A name in UTF-8, whether or not its flag is set, or else in the IBM PC's code page 437.
  private static func name(
    _ bytes: ArraySlice<UInt8>, isUTF8: Bool, at offset: Int
  ) throws(ParseFailure) -> String {
    guard bytes.allSatisfy({ $0 >= 0x20 }) else {
      throw ParseFailure(.invalid("the name of a zip entry has a control character"), at: offset)
    }
    if let text = String(validating: bytes, as: UTF8.self) { return text }
    guard !isUTF8 else { throw ParseFailure(.invalid("the name of a zip entry is not UTF-8"), at: offset) }
    var text = String.UnicodeScalarView()
    for byte in bytes { text.append(byte < 0x80 ? Unicode.Scalar(byte) : codePage437[Int(byte) - 0x80]) }
    return String(text)
  }

  /// The upper half of code page 437.
  private static let codePage437 = Array(
    """
    ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧\
    ╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u{A0}
    """.unicodeScalars)

  /// Passes each extra field in a range of `bytes` to `body`.
  private static func eachField(
    _ bytes: [UInt8], _ range: Range<Int>, of name: String, at offset: Int,
    _ body: (UInt16, ArraySlice<UInt8>) throws(ParseFailure) -> Void
  ) throws(ParseFailure) {
    var position = range.lowerBound
    // Fewer than four bytes are padding.
    while range.upperBound - position >= 4 {
      let id = LittleEndian.load(UInt16.self, bytes, at: position)
      let size = Int(LittleEndian.load(UInt16.self, bytes, at: position + 2))
      position += 4
      guard size <= range.upperBound - position else {
        throw ParseFailure(.invalid("an extra field of entry \(name) is longer than all of them"), at: offset)
      }
      try body(id, bytes[position..<position + size])
      position += size
    }
  }
}

/// The numbers of a record that zip64 makes wider.
private struct ZipSizes {
  var byteCount, packedByteCount, headerOffset: UInt64

  /// Replaces those that are 2³² - 1 by the next of the field's numbers, in this order.
  mutating func widen(_ data: ArraySlice<UInt8>, of name: String, at offset: Int) throws(ParseFailure) {
    var rest = Array(data)
    for number in [\ZipSizes.byteCount, \.packedByteCount, \.headerOffset]
    where self[keyPath: number] == UInt64(UInt32.max) {
      guard rest.count >= 8 else {
        throw ParseFailure(.invalid("the zip64 field of entry \(name) is too short"), at: offset)
      }
      self[keyPath: number] = LittleEndian.load(UInt64.self, rest, at: 0)
      rest.removeFirst(8)
    }
  }
}
