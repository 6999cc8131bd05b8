public import SWTBytes
internal import SWTChecksums

/// An Ed25519 public key (RFC 8032).
///
/// The key is its own fingerprint: 32 bytes, printed as `ed25519:` and 64 hexadecimal digits.
public struct Ed25519PublicKey: Hashable, Sendable, CustomStringConvertible {
  /// The 32 bytes of RFC 8032.
  public let bytes: [UInt8]

  /// Takes exactly 32 bytes; nil for any other number.
  public init?(_ bytes: some Collection<UInt8>) {
    guard bytes.count == Ed25519.keySize else { return nil }
    self.bytes = Array(bytes)
  }

  public var description: String { Ed25519.keyPrefix + Hex.encode(bytes) }

  /// Whether `signature` is a valid signature of `message` by this key.
  ///
  /// - Throws: ``/SWTBytes/ParseFailure`` `.unsupported` when the system's cryptography has no Ed25519.
  public func isValid(_ signature: [UInt8], for message: [UInt8]) throws(ParseFailure) -> Bool {
    guard signature.count == Ed25519.signatureSize else { return false }
    return try SystemEd25519.verify(signature, message, publicKey: bytes)
  }
}

/// An Ed25519 private key: the 32 bytes that RFC 8032 calls the seed.
public struct Ed25519PrivateKey: Sendable {
  private let seed: [UInt8]
  /// The public key that verifies its signatures.
  public let publicKey: Ed25519PublicKey

  /// Takes exactly 32 bytes.
  ///
  /// - Throws: ``/SWTBytes/ParseFailure`` for any other number, or when the system's cryptography has no
  ///   Ed25519.
  public init(seed: some Collection<UInt8>) throws(ParseFailure) {
    guard seed.count == Ed25519.keySize else {
      throw ParseFailure(.invalid("an Ed25519 private key has \(Ed25519.keySize) bytes, not \(seed.count)"))
    }
    self.seed = Array(seed)
    guard let key = Ed25519PublicKey(try SystemEd25519.publicKey(seed: self.seed)) else {
      throw SystemEd25519.unavailable
    }
    publicKey = key
  }

  /// Signs a message: 64 bytes.
  ///
  /// libcrypto is deterministic, as RFC 8032 specifies; CryptoKit adds randomness, so its signatures differ
  /// each time.
  ///
  /// - Throws: ``/SWTBytes/ParseFailure`` when the system's cryptography refuses.
  public func sign(_ message: [UInt8]) throws(ParseFailure) -> [UInt8] {
    try SystemEd25519.sign(message, seed: seed)
  }
}

enum Ed25519 {
  static let keySize = 32
  static let signatureSize = 64
  static let keyPrefix = "ed25519:"
}
