public import SWTBytes
public import SWTChecksums

/// A signature over a content id, and the sidecar file (`model.swt.sig`) that holds it.
///
/// The file is four lines of ASCII, each ended by a line feed, with nothing before, between or after; section 8 of
/// FORMAT.md has it. Every field has a fixed width, so the file has ``fileSize`` bytes, and there is one way only
/// to write a signature down.
public struct ContentSignature: Equatable, Sendable {
  /// SHA-256 of the index region of the file that was signed.
  public let contentID: SHA256Digest
  /// The key that signed, as the signer states it. Never trust it: compare it with a key from elsewhere.
  public let key: Ed25519PublicKey
  /// 64 bytes, over the 32 bytes of ``contentID``.
  public let signature: [UInt8]

  private static let header = "swt-signature 1"
  private static let idPrefix = "id swt1:"
  private static let keyPrefix = "key " + Ed25519.keyPrefix
  private static let signaturePrefix = "signature "
  /// Bytes of every sidecar file.
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
  /// - Throws: ``/SWTBytes/ParseFailure`` with the place of the first line that is not as it must be.
  public init(file: [UInt8]) throws(ParseFailure) {
    guard file.count == Self.fileSize else {
      throw ParseFailure(
        .invalid("not a signature: a signature file has \(Self.fileSize) bytes, not more or less"))
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

  /// True when ``signature`` is `key`'s over `contentID`; what the file itself states does not count.
  ///
  /// - Throws: ``/SWTBytes/ParseFailure`` when the system's cryptography has no Ed25519.
  public func isValid(for contentID: SHA256Digest, by key: Ed25519PublicKey) throws(ParseFailure) -> Bool {
    try key.isValid(signature, for: contentID.bytes)
  }

  private static func take(_ text: String, _ rest: inout ArraySlice<UInt8>) throws(ParseFailure) {
    guard rest.starts(with: text.utf8) else {
      let line = text.filter { !$0.isNewline }
      throw ParseFailure(
        .invalid("not a signature: '\(line)' is expected here"), at: rest.startIndex)
    }
    rest.removeFirst(text.utf8.count)
  }

  /// Lower-case digits only: upper-case ones would be a second way to write the same.
  private static func takeHex(
    _ prefix: String, _ count: Int, _ rest: inout ArraySlice<UInt8>
  ) throws(ParseFailure) -> [UInt8] {
    try take(prefix, &rest)
    let digits = rest.prefix(2 * count)
    guard let bytes = Hex.decode(String(decoding: digits, as: UTF8.self)), bytes.count == count,
      Hex.encode(bytes).utf8.elementsEqual(digits)
    else {
      throw ParseFailure(
        .invalid("not a signature: \(2 * count) lower-case hexadecimal digits are expected here"),
        at: rest.startIndex)
    }
    rest.removeFirst(digits.count)
    try take("\n", &rest)
    return bytes
  }
}
