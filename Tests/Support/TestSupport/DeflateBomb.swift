/// A deflate stream that repeats one byte: 13 bits for every 258 bytes.
///
/// One block of fixed Huffman codes (RFC 1951, 3.2.6): the literal, then matches of length 258 at distance 1.
package enum DeflateBomb {
  package static func bytes(_ byte: UInt8, count: Int) -> [UInt8] {
    var bits = BitWriter()
    bits.put(1, 1)  // the last block
    bits.put(1, 2)  // fixed codes
    func literal(_ value: UInt8) {
      if value < 144 {
        bits.putCode(0x30 + UInt32(value), 8)
      } else {
        bits.putCode(0x190 + UInt32(value) - 144, 9)
      }
    }
    literal(byte)
    for _ in 0..<(count - 1) / 258 {
      bits.putCode(0b1100_0101, 8)  // length 258
      bits.putCode(0, 5)  // distance 1
    }
    for _ in 0..<(count - 1) % 258 { literal(byte) }
    bits.putCode(0, 7)  // end of block
    return bits.finish()
  }

  /// The same stream as a gzip file without the trailing checksum: it must be refused before the end.
  package static func gzip(_ byte: UInt8, count: Int) -> [UInt8] {
    [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3] + bytes(byte, count: count)
  }
}

/// Writes bits starting from the lowest of each byte, as deflate packs them.
private struct BitWriter {
  private var output: [UInt8] = []
  private var pending: UInt32 = 0
  private var count: UInt32 = 0

  mutating func put(_ value: UInt32, _ width: UInt32) {
    pending |= value << count
    count += width
    while count >= 8 {
      output.append(UInt8(pending & 0xFF))
      pending >>= 8
      count -= 8
    }
  }

  /// Huffman codes are stored with their highest bit first.
  mutating func putCode(_ code: UInt32, _ width: UInt32) {
    for shift in (0..<width).reversed() { put(code >> shift & 1, 1) }
  }

  consuming func finish() -> [UInt8] { count > 0 ? output + [UInt8(pending & 0xFF)] : output }
}
