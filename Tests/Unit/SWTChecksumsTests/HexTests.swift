import SWTChecksums
import Testing

@Suite struct HexTests {
  @Test func `bytes become lowercase digits`() {
    #expect(Hex.encode([0, 0x7F, 0xA5, 0xFF]) == "007fa5ff")
    #expect(Hex.encode([]) == "")
  }

  @Test func `every byte comes back, from digits of either case`() {
    let bytes = (0...255).map { UInt8($0) }
    #expect(Hex.decode(Hex.encode(bytes)) == bytes)
    #expect(Hex.decode(Hex.encode(bytes).uppercased()) == bytes)
  }

  @Test(arguments: ["0", "0g", "0x00", " 00", "00 ", "000", "é0", "０0"])
  func `what has anything else in it is nothing`(text: String) {
    #expect(Hex.decode(text) == nil)
  }

  @Test func `a digest has 32 bytes, and is its digits`() throws {
    let bytes = (0..<32).map { UInt8($0 * 7 & 0xFF) }
    let digest = try #require(SHA256Digest(bytes))
    #expect(digest.bytes == bytes)
    #expect(digest.hex == Hex.encode(bytes) && "\(digest)" == digest.hex)
    #expect(SHA256Digest(hex: digest.hex) == digest && SHA256Digest(hex: digest.hex.uppercased()) == digest)
    #expect(SHA256Digest.zero.bytes == [UInt8](repeating: 0, count: 32))
    #expect(SHA256Digest([1, 2, 3]) == nil && SHA256Digest(hex: "00") == nil)
    #expect(SHA256Digest(bytes + [0]) == nil && SHA256Digest(hex: digest.hex + "0") == nil)
  }
}
