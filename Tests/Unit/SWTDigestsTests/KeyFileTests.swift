import SWTBytes
import SWTDigests
import TestSupport
import Testing

/// The published seed of RFC 8032's TEST 1, in the files that OpenSSL 3.0 makes from it.
@Suite struct KeyFileTests {
  static let (publicHex, privatePEM, publicPEM) = (TestKey.hex, TestKey.privatePEM, TestKey.publicPEM)

  private func parse(_ text: String) throws(ParseFailure) -> Ed25519KeyFile {
    try Ed25519KeyFile(Array(text.utf8))
  }

  @Test func `private and public keys written by openssl`() throws {
    guard case .privateKey(let key) = try parse(Self.privatePEM) else {
      Issue.record("not a private key")
      return
    }
    #expect("\(key.publicKey)" == Self.publicHex)
    guard case .publicKey(let other) = try parse(Self.publicPEM) else {
      Issue.record("not a public key")
      return
    }
    #expect(other == key.publicKey)
  }

  @Test func `line ends, folding and blank lines do not matter`() throws {
    for text in [
      Self.publicPEM.replacing("\n", with: "\r\n"), "\n\n" + Self.publicPEM + "\n\n",
      Self.publicPEM.replacing("AyEA", with: "\nAyEA"), String(Self.publicPEM.dropLast()),
    ] {
      #expect("\(try parse(text).publicKey)" == Self.publicHex, "\(text)")
    }
  }

  static let mistakes: [(text: String, says: String)] = [
    ("", "not a PEM file"),
    ("hello\n", "not a PEM file"),
    ("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHZ user\n", "not a PEM file"),
    ("-----BEGIN PUBLIC KEY-----\n", "does not end"),
    ("-----BEGIN -----\n-----END -----\n", "not a PEM file"),
    ("-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----\n", "not an Ed25519 key"),
    (publicPEM.replacing("END PUBLIC", with: "END PRIVATE"), "does not end"),
    (publicPEM + "more\n", "does not end"),
    ("Subject: me\n" + publicPEM, "not a PEM file"),
    (publicPEM + publicPEM, "not base64"),
    (publicPEM.replacing("MCow", with: "MC*w"), "not base64"),
    (publicPEM.replacing("URo=", with: "URo"), "not base64"),
    // Nonzero bits after the last byte: a lax reader takes these for the same key.
    (publicPEM.replacing("URo=", with: "URp="), "not base64"),
    (publicPEM.replacing("MCow", with: "MCoA"), "not an Ed25519 key"),
    (publicPEM.replacing("AyEA", with: "AyEB"), "not an Ed25519 key"),
    (privatePEM.replacing("PRIVATE", with: "PUBLIC"), "not an Ed25519 key"),
    (privatePEM.replacing("MC4C", with: "MC8C"), "not an Ed25519 key"),
    (privatePEM.replacing("PRIVATE", with: "ENCRYPTED PRIVATE"), "is encrypted"),
    (privatePEM.replacing("PRIVATE", with: "OPENSSH PRIVATE"), "OPENSSH PRIVATE KEY"),
    (privatePEM.replacing("PRIVATE", with: "EC PRIVATE"), "EC PRIVATE KEY"),
    (privatePEM.replacing("PRIVATE", with: "\u{1B}[31m"), "not a PEM file"),
    // X25519 differs from Ed25519 only in the last number of the algorithm identifier.
    (publicPEM.replacing("K2Vw", with: "K2Vu"), "not an Ed25519 key"),
    (String(repeating: "\n", count: 1 << 15), "too large to be a key"),
  ]

  @Test(arguments: mistakes)
  func `every other file is refused with a reason`(text: String, says: String) {
    let failure = #expect(throws: ParseFailure.self) { try parse(text) }
    #expect(failure.map { "\($0)".contains(says) } == true, "\(String(describing: failure))")
  }

  @Test func `every proper prefix of a key file is refused`() {
    for text in [Self.privatePEM, Self.publicPEM] {
      let bytes = Array(text.utf8)
      for count in 0..<(bytes.count - 1) {
        #expect(throws: ParseFailure.self) { try Ed25519KeyFile(Array(bytes[..<count])) }
      }
    }
  }

  /// Strict base64 and fixed DER: a key has only one encoding.
  @Test func `every flipped bit of a key gives another key or none`() throws {
    for text in [Self.privatePEM, Self.publicPEM] {
      let bytes = Array(text.utf8)
      let lines = text.split(separator: "\n")
      let start = lines[0].utf8.count + 1
      for bit in (8 * start)..<(8 * (start + lines[1].utf8.count)) {
        var changed = bytes
        changed[bit / 8] ^= 1 << UInt8(bit % 8)
        guard let key = try? Ed25519KeyFile(changed) else { continue }
        #expect("\(key.publicKey)" != Self.publicHex, "bit \(bit)")
      }
    }
  }
}
