public import SWTBytes

/// An Ed25519 key as `openssl genpkey -algorithm ed25519` and `openssl pkey -pubout` write it: PEM around the
/// DER of RFC 8410.
///
/// For this algorithm the DER is a fixed prefix followed by the 32 bytes of the key, so no DER parser is
/// needed and exactly one encoding is accepted.
public enum Ed25519KeyFile: Sendable {
  /// A key to verify with.
  case publicKey(Ed25519PublicKey)
  /// A key to sign with.
  case privateKey(Ed25519PrivateKey)

  /// Largest file read, in bytes; a real key file is far smaller.
  public static let maximumSize = 1 << 14

  /// PKCS#8: SEQUENCE, version 0, algorithm 1.3.101.112, the seed as OCTET STRING in an OCTET STRING.
  private static let privatePrefix: [UInt8] = [
    0x30, 0x2E, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2B, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20,
  ]
  /// SubjectPublicKeyInfo: SEQUENCE, algorithm 1.3.101.112, the key as BIT STRING.
  private static let publicPrefix: [UInt8] = [
    0x30, 0x2A, 0x30, 0x05, 0x06, 0x03, 0x2B, 0x65, 0x70, 0x03, 0x21, 0x00,
  ]

  /// Parses a whole key file.
  ///
  /// - Throws: ``/SWTBytes/ParseFailure`` that names the kind of key found, where it can be told.
  public init(_ text: [UInt8]) throws(ParseFailure) {
    guard text.count <= Self.maximumSize else {
      throw ParseFailure(.unsupported("a file of \(text.count) bytes is too large to be a key"))
    }
    let block = try PEMBlock(text)
    switch block.label {
    case "PRIVATE KEY":
      self = .privateKey(try Ed25519PrivateKey(seed: try Self.key(block, Self.privatePrefix)))
    case "PUBLIC KEY":
      guard let key = Ed25519PublicKey(try Self.key(block, Self.publicPrefix)) else { throw Self.otherKey }
      self = .publicKey(key)
    case "ENCRYPTED PRIVATE KEY":
      throw ParseFailure(
        .unsupported("the key is encrypted"), hint: "openssl pkey -in KEY -out PLAIN decrypts it")
    default:
      throw ParseFailure(
        .unsupported("a PEM file with '\(block.label)', not PRIVATE KEY or PUBLIC KEY"), hint: Self.hint)
    }
  }

  /// The public key, or the public half of the private key.
  public var publicKey: Ed25519PublicKey {
    switch self {
    case .publicKey(let key): key
    case .privateKey(let key): key.publicKey
    }
  }

  private static func key(_ block: PEMBlock, _ prefix: [UInt8]) throws(ParseFailure) -> ArraySlice<UInt8> {
    let content = try block.content()
    guard content.starts(with: prefix), content.count == prefix.count + Ed25519.keySize else {
      throw otherKey
    }
    return content[prefix.count...]
  }

  private static let hint = "openssl genpkey -algorithm ed25519 makes a key"
  private static let otherKey = ParseFailure(
    .unsupported("not an Ed25519 key, or not encoded as in RFC 8410"), hint: hint)
}
