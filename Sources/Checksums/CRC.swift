internal import CChecksums

/// A running CRC32C (Castagnoli), the checksum of every section and tensor of a `.swt` file.
package struct CRC32C: Sendable {
  /// The checksum of the bytes so far; 0 for none.
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

  /// The checksum of A followed by B, where B has `count` bytes.
  package static func combine(_ a: UInt32, _ b: UInt32, count: Int) -> UInt32 {
    p2s_crc32c_combine(a, b, UInt64(count))
  }

  /// True when this machine has instructions for it.
  package static var isAccelerated: Bool { p2s_crc32c_is_accelerated() != 0 }
}

/// A running CRC-32 (IEEE 802.3), the checksum of zip and gzip.
package struct CRC32: Sendable {
  /// The checksum of the bytes so far; 0 for none.
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

  /// The checksum of A followed by B, where B has `count` bytes.
  package static func combine(_ a: UInt32, _ b: UInt32, count: Int) -> UInt32 {
    p2s_crc32_combine(a, b, UInt64(count))
  }

  /// True when this machine has instructions for it.
  package static var isAccelerated: Bool { p2s_crc32_is_accelerated() != 0 }
}

/// The portable forms, for the tests that hold the fast ones to them.
package enum PortableCRC {
  package static func crc32c(_ bytes: [UInt8], from crc: UInt32 = 0) -> UInt32 {
    unsafe bytes.withUnsafeBytes { unsafe p2s_crc32c_portable(crc, $0.baseAddress, $0.count) }
  }

  package static func crc32(_ bytes: [UInt8], from crc: UInt32 = 0) -> UInt32 {
    unsafe bytes.withUnsafeBytes { unsafe p2s_crc32_portable(crc, $0.baseAddress, $0.count) }
  }
}
