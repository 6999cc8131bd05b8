internal import SWTChecksums

/// Corrects the outer fields of a `.swt` file after a mutation, so that the fuzzer gets past them.
enum WeightFileRepair {
  /// Three of four inputs get a correct magic, size and index checksums; one is left unchanged.
  static func repaired(_ bytes: [UInt8]) -> [UInt8] {
    guard bytes.count >= 64, bytes.count % 4 != 3 else { return bytes }
    var fixed = bytes
    fixed.replaceSubrange(0..<8, with: [0x89, 0x53, 0x57, 0x54, 0x0D, 0x0A, 0x1A, 0x0A])
    put(UInt64(fixed.count), at: 16, in: &fixed)
    let count = min(Int(number(4, at: 36, in: fixed)), 64, (fixed.count - 64) / 32)
    for section in 0..<count {
      let entry = 64 + 32 * section
      let (offset, size) = (number(8, at: entry + 8, in: fixed), number(8, at: entry + 16, in: fixed))
      guard offset <= fixed.count, size <= UInt64(fixed.count) - offset else { continue }
      let range = Int(offset)..<Int(offset + size)
      put(CRC32C.checksum(Array(fixed[range])), at: entry + 28, in: &fixed)
    }
    put(CRC32C.checksum(Array(fixed[..<60] + fixed[64..<64 + 32 * count])), at: 60, in: &fixed)
    return fixed
  }

  private static func number(_ width: Int, at offset: Int, in bytes: [UInt8]) -> UInt64 {
    (0..<width).reduce(0) { $0 | UInt64(bytes[offset + $1]) << UInt64(8 * $1) }
  }

  private static func put<T: FixedWidthInteger>(_ value: T, at offset: Int, in bytes: inout [UInt8]) {
    for i in 0..<MemoryLayout<T>.size { bytes[offset + i] = UInt8(truncatingIfNeeded: value >> T(8 * i)) }
  }
}
