public import SWTBytes
public import SWTChecksums

/// A signature over a content id, and the sidecar file (`model.swt.sig`) that holds it.
///
/// The file is four lines of ASCII, each ended by a line feed, with nothing before, between or after; section
/// 8 of FORMAT.md specifies it. Every field has a fixed width, so the file always has ``fileSize`` bytes, and
/// each signature has exactly one encoding.
public struct ContentSignature: Equatable, Sendable {
  /// SHA-256 of the index region of the signed file.
  public let contentID: SHA256Digest
  /// The public key that the signer claims. Never trust it: compare it with a key from another source.
  public let key: Ed25519PublicKey
  /// The 64-byte signature of the 32 bytes of ``contentID``.
  public let signature: [UInt8]

  private static let header = "swt-signature 1"
  private static let idPrefix = "id swt1:"
  private static let keyPrefix = "key " + Ed25519.keyPrefix
  private static let signaturePrefix = "signature "
  /// Size of every sidecar file in bytes.
  public static let fileSize = 16 + (8 + 64 + 1) + (12 + 64 + 1) + (10 + 128 + 1)

  /// Signs a content id.
  ///
  /// - Throws: ``/SWTBytes/ParseFailure`` when the system's cryptography refuses.
  public init(of contentID: SHA256Digest, by key: Ed25519PrivateKey) throws(ParseFailure) {
    self.contentID = contentID
    self.key = key.publicKey
    signature = try key.sign(contentID.bytes)
  }

  /// Parses a whole sidecar file.
  ///
  /// - Throws: ``/SWTBytes/ParseFailure`` with the offset of the first malformed line.
  public init(file: [UInt8]) throws(ParseFailure) {
    guard file.count == Self.fileSize else {
      throw ParseFailure(
        .invalid("not a signature: a signature file has exactly \(Self.fileSize) bytes"))
    }
    var rest = file[...]
    try Self.take(Self.header + "\n", &rest)
    let id = try Self.takeHex(Self.idPrefix, 32, &rest)
    let key = try Self.takeHex(Self.keyPrefix, Ed25519.keySize, &rest)
    signature = try Self.takeHex(Self.signaturePrefix, Ed25519.signatureSize, &rest)
    guard let id = SHA256Digest(id), let key = Ed25519PublicKey(key), rest.isEmpty else {
      throw ParseFailure(.invalid("not a signature"))
    }
    (contentID, self.key) = (id, key)
  }

  /// The content of the sidecar file.
  public var file: [UInt8] {
    let lines = [
      Self.header, Self.idPrefix + contentID.hex, "key \(key)", Self.signaturePrefix + Hex.encode(signature),
    ]
    return lines.flatMap { Array("\($0)\n".utf8) }
  }

  /// Whether ``signature`` is a signature of `contentID` by `key`; the id and key stored in the file play no
  /// part.
  ///
  /// - Throws: ``/SWTBytes/ParseFailure`` when the system's cryptography has no Ed25519.
  public func isValid(for contentID: SHA256Digest, by key: Ed25519PublicKey) throws(ParseFailure) -> Bool {
    try key.isValid(signature, for: contentID.bytes)
  }

  private static func take(_ text: String, _ rest: inout ArraySlice<UInt8>) throws(ParseFailure) {
    guard rest.starts(with: text.utf8) else {
      let line = text.filter { !$0.isNewline }
      throw ParseFailure(
        .invalid("not a signature: expected '\(line)' here"), at: rest.startIndex)
    }
    rest.removeFirst(text.utf8.count)
  }

  /// Accepts lowercase digits only: uppercase ones would be a second encoding of the same bytes.
  private static func takeHex(
    _ prefix: String, _ count: Int, _ rest: inout ArraySlice<UInt8>
  ) throws(ParseFailure) -> [UInt8] {
    try take(prefix, &rest)
    let digits = rest.prefix(2 * count)
    guard let bytes = Hex.decode(String(decoding: digits, as: UTF8.self)), bytes.count == count,
      Hex.encode(bytes).utf8.elementsEqual(digits)
    else {
      throw ParseFailure(
        .invalid("not a signature: expected \(2 * count) lowercase hexadecimal digits here"),
        at: rest.startIndex)
    }
    rest.removeFirst(digits.count)
    try take("\n", &rest)
    return bytes
  }
}
