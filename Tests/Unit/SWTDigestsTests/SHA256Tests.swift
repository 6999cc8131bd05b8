import SWTChecksums
import SWTDigests
import Testing

@Suite struct SHA256Tests {
  /// FIPS 180-4 examples.
  @Test(arguments: [
    ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    (
      "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
    ),
  ])
  func `known answers`(text: String, hex: String) {
    let digest = SystemDigests().sha256(Array(text.utf8))
    #expect(digest.hex == hex)
    #expect(SHA256Digest(hex: hex) == digest)
    #expect(SHA256Digest(digest.bytes) == digest)
  }

  @Test func `a million bytes in pieces`() {
    let running = SystemDigests().makeSHA256()
    for _ in 0..<1000 { running.update([UInt8](repeating: UInt8(ascii: "a"), count: 1000)) }
    #expect(running.finalize().hex == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0")
  }
}
