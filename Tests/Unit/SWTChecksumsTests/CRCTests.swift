import SWTChecksums
import Testing

@Suite struct CRCTests {
  static let check = Array("123456789".utf8)
  /// Reproducible bytes.
  static func noise(_ count: Int) -> [UInt8] {
    var state: UInt64 = 88_172_645_463_325_252
    return (0..<count).map { _ in
      state ^= state << 13
      state ^= state >> 7
      state ^= state << 17
      return UInt8(truncatingIfNeeded: state)
    }
  }

  @Test func `known checksums`() {
    #expect(CRC32C.checksum(Self.check) == 0xE306_9283)
    #expect(CRC32.checksum(Self.check) == 0xCBF4_3926)
    // RFC 3720, B.4: 32 bytes of zeros, of ones, and 0...31.
    #expect(CRC32C.checksum([UInt8](repeating: 0, count: 32)) == 0x8A91_36AA)
    #expect(CRC32C.checksum([UInt8](repeating: 0xFF, count: 32)) == 0x62A8_AB43)
    #expect(CRC32C.checksum((0..<32).map { UInt8($0) }) == 0x46DD_794E)
    #expect(CRC32C.checksum([]) == 0 && CRC32.checksum([]) == 0)
  }

  @Test(arguments: CRCForm.allCases.filter(\.isHere))
  func `every form that the machine supports gives the known checksums`(form: CRCForm) {
    let check = ContiguousArray(Self.check)
    #expect(unsafe form.crc32c(check.span.bytes) == 0xE306_9283)
    #expect(unsafe form.crc32(check.span.bytes) == 0xCBF4_3926)
  }

  /// Lengths around every block and vector width, unaligned starts, and continued checksums.
  @Test(arguments: [
    0, 1, 3, 7, 8, 9, 15, 16, 63, 64, 65, 127, 128, 200, 255, 256, 257, 511, 512, 513, 767, 768, 1023, 49_151,
    49_152, 150_001,
  ])
  func `all forms agree with the portable one`(count: Int) {
    let bytes = ContiguousArray(Self.noise(count + 3))
    for start in 0...3 {
      let window = unsafe bytes.span.bytes.extracting(start..<start + count)
      for seed: UInt32 in [0, 0x1234_5678] {
        let crc32c = CRCForm.portable.crc32c(window, from: seed)
        let crc32 = CRCForm.portable.crc32(window, from: seed)
        for form in CRCForm.allCases where form.isHere {
          #expect(form.crc32c(window, from: seed) == crc32c, "\(form)")
          #expect(form.crc32(window, from: seed) == crc32, "\(form)")
        }
      }
      #expect(CRC32C.checksum(window) == CRCForm.portable.crc32c(window))
      #expect(CRC32.checksum(window) == CRCForm.portable.crc32(window))
    }
  }

  @Test(arguments: [0, 1, 8, 100, 49_152, 60_000])
  func `pieces give the checksum of the whole`(cut: Int) {
    let bytes = ContiguousArray(Self.noise(60_000))
    let left = unsafe bytes.span.bytes.extracting(first: cut)
    let right = unsafe bytes.span.bytes.extracting(droppingFirst: cut)
    var running = CRC32C()
    running.update(left)
    running.update(right)
    #expect(unsafe running.value == CRC32C.checksum(bytes.span.bytes))
    #expect(
      CRC32C.combine(CRC32C.checksum(left), CRC32C.checksum(right), count: right.byteCount) == running.value)
    var zip = CRC32()
    zip.update(left)
    zip.update(right)
    #expect(unsafe zip.value == CRC32.checksum(bytes.span.bytes))
    #expect(CRC32.combine(CRC32.checksum(left), CRC32.checksum(right), count: right.byteCount) == zip.value)
  }
}
