internal import CChecksums

/// A running CRC32C (Castagnoli), the checksum of every section and tensor of a `.swt` file.
package struct CRC32C: Sendable {
  /// The checksum of the bytes so far; 0 before the first.
  package private(set) var value: UInt32

  package init(_ value: UInt32 = 0) { self.value = value }

  package mutating func update(_ bytes: RawSpan) {
    value = unsafe bytes.withUnsafeBytes { unsafe p2s_crc32c(value, $0.baseAddress, $0.count) }
  }

  package static func checksum(_ bytes: RawSpan) -> UInt32 {
    var crc = CRC32C()
    crc.update(bytes)
    return crc.value
  }

  package static func checksum(_ bytes: [UInt8]) -> UInt32 {
    unsafe bytes.withUnsafeBytes { unsafe p2s_crc32c(0, $0.baseAddress, $0.count) }
  }

  /// The checksum of A followed by B, from the checksums of both; `count` is the size of B in bytes.
  package static func combine(_ a: UInt32, _ b: UInt32, count: Int) -> UInt32 {
    p2s_crc32c_combine(a, b, UInt64(count))
  }
}

/// A running CRC-32 (IEEE 802.3), the checksum of zip and gzip.
package struct CRC32: Sendable {
  /// The checksum of the bytes so far; 0 before the first.
  package private(set) var value: UInt32

  package init(_ value: UInt32 = 0) { self.value = value }

  package mutating func update(_ bytes: RawSpan) {
    value = unsafe bytes.withUnsafeBytes { unsafe p2s_crc32(value, $0.baseAddress, $0.count) }
  }

  package mutating func update(_ bytes: [UInt8]) {
    value = unsafe bytes.withUnsafeBytes { unsafe p2s_crc32(value, $0.baseAddress, $0.count) }
  }

  package static func checksum(_ bytes: RawSpan) -> UInt32 {
    var crc = CRC32()
    crc.update(bytes)
    return crc.value
  }

  package static func checksum(_ bytes: [UInt8]) -> UInt32 {
    unsafe bytes.withUnsafeBytes { unsafe p2s_crc32(0, $0.baseAddress, $0.count) }
  }

  /// The checksum of A followed by B, from the checksums of both; `count` is the size of B in bytes.
  package static func combine(_ a: UInt32, _ b: UInt32, count: Int) -> UInt32 {
    p2s_crc32_combine(a, b, UInt64(count))
  }
}

/// The implementations of both checksums; tests compare each with `portable`.
package enum CRCForm: UInt32, CaseIterable, Sendable {
  case portable, instructions, wide

  /// Whether this machine supports the implementation.
  package var isHere: Bool { p2s_crc_has(p2s_crc_form(rawValue)) != 0 }

  /// - Precondition: ``isHere``.
  package func crc32c(_ bytes: RawSpan, from crc: UInt32 = 0) -> UInt32 {
    precondition(isHere, "this machine lacks the instructions")
    return unsafe bytes.withUnsafeBytes {
      unsafe p2s_crc32c_by(p2s_crc_form(rawValue), crc, $0.baseAddress, $0.count)
    }
  }

  /// - Precondition: ``isHere``.
  package func crc32(_ bytes: RawSpan, from crc: UInt32 = 0) -> UInt32 {
    precondition(isHere, "this machine lacks the instructions")
    return unsafe bytes.withUnsafeBytes {
      unsafe p2s_crc32_by(p2s_crc_form(rawValue), crc, $0.baseAddress, $0.count)
    }
  }
}
