internal import SWTChecksums
internal import SWTDigests

/// A `.swt` file changed by someone who knows the format: every checksum and digest is right afterwards.
package struct Forgery {
  package struct Section: Sendable {
    package let kind: String
    /// Offset of its row in the section table.
    let row: Int
    package let offset, size, count: Int
    package var range: Range<Int> { offset..<offset + size }
  }

  package var bytes: [UInt8]
  package private(set) var sections: [Section] = []

  package init(_ bytes: [UInt8]) {
    self.bytes = bytes
    sections = (0..<number(36, 4)).map { index in
      let row = 64 + 32 * index
      return Section(
        kind: String(decoding: bytes[row..<row + 4], as: UTF8.self), row: row, offset: number(row + 8, 8),
        size: number(row + 16, 8), count: number(row + 24, 4))
    }
  }

  /// A little-endian number.
  package func number(_ place: Int, _ width: Int) -> Int {
    (0..<width).reduce(0) { $0 | Int(bytes[place + $1]) << (8 * $1) }
  }

  package mutating func put(_ value: Int, _ width: Int, at place: Int) {
    for byte in 0..<width { bytes[place + byte] = UInt8(truncatingIfNeeded: value >> (8 * byte)) }
  }

  package func section(_ kind: String) throws -> Section {
    guard let found = sections.first(where: { $0.kind == kind }) else {
      throw TestFailure("no section \(kind)")
    }
    return found
  }

  /// The section table.
  package var table: Range<Int> { 64..<64 + 32 * sections.count }

  /// The index of a tensor.
  package func index(_ name: String) throws -> Int {
    try index(name, "TENS", recordSize: 64)
  }

  /// Offset of a tensor's record.
  package func record(_ name: String) throws -> Int { try section("TENS").offset + 64 * index(name) }

  /// Offset of the record with the digest of a source tensor.
  package func sourceRecord(_ name: String) throws -> Int {
    try section("SRCD").offset + 48 * index(name, "SRCD", recordSize: 48)
  }

  private func index(_ name: String, _ kind: String, recordSize: Int) throws -> Int {
    let (records, strings) = try (section(kind), section("STRS"))
    let found = (0..<records.count).first { index in
      let record = records.offset + recordSize * index
      let start = strings.offset + number(record, 4)
      return bytes[start..<start + number(record + 4, 2)].elementsEqual(name.utf8)
    }
    guard let found else { throw TestFailure("no \(name) in \(kind)") }
    return found
  }

  /// Where the data of a tensor are.
  package func data(_ name: String) throws -> Range<Int> {
    let record = try record(name)
    return number(record + 8, 8)..<number(record + 8, 8) + number(record + 16, 8)
  }

  /// Flips the signs of the last floats of a tensor.
  package mutating func negateEnd(of name: String, count: Int) throws {
    let data = try data(name)
    for place in stride(from: data.upperBound - 4 * count, to: data.upperBound, by: 4) {
      bytes[place + 3] ^= 0x80
    }
    try mendData(of: name)
  }

  /// Gives a tensor's record and digest what its data have now.
  package mutating func mendData(of name: String) throws {
    let (data, index) = try (Array(bytes[data(name)]), index(name))
    put(Int(CRC32C.checksum(data)), 4, at: try record(name) + 52)
    let digest = try section("DGST").offset + 32 * index
    bytes.replaceSubrange(digest..<digest + 32, with: SystemDigests().sha256(data).bytes)
  }

  /// Gives the sections and the header the checksums of what they contain now.
  package mutating func mend() {
    for section in sections {
      put(Int(CRC32C.checksum(Array(bytes[section.range]))), 4, at: section.row + 28)
    }
    put(Int(CRC32C.checksum(Array(bytes[..<60] + bytes[table]))), 4, at: 60)
  }

  /// The bytes with right checksums.
  package var mended: [UInt8] {
    var copy = self
    copy.mend()
    return copy.bytes
  }
}
