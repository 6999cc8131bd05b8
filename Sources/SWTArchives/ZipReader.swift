internal import SWTBytes

/// What parses the directory of a zip archive: libzip, or ``CentralDirectory`` where libzip is not available.
protocol ZipReader {
  /// Number of records, including folders.
  var count: UInt64 { get }
  /// Reads a record of the directory; requested in order.
  mutating func record(_ index: UInt64) throws(ParseFailure) -> ZipRecord
  /// The offset of the local header of a record that has data.
  mutating func header(of record: ZipRecord, _ index: UInt64) throws(ParseFailure) -> Int
}

/// What the directory of a zip archive says about an entry; nothing of it is checked yet.
struct ZipRecord {
  let name: String
  let isEncrypted: Bool
  /// 0 is stored, 8 deflated.
  let method: UInt16
  let byteCount: UInt64
  let packedByteCount: UInt64
  let crc32: UInt32
  /// Offset of the local header, if the reader knows it.
  var headerOffset: UInt64 = 0

  var isFolder: Bool { name.utf8.last == UInt8(ascii: "/") && byteCount == 0 }
}
