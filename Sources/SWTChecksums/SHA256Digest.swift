/// A SHA-256 digest: 32 bytes.
public struct SHA256Digest: Hashable, Sendable, CustomStringConvertible {
  /// Big-endian words, stored inline because a file has one digest per tensor.
  private let a, b, c, d: UInt64

  /// Takes exactly 32 bytes; nil for any other number.
  public init?(_ bytes: some Collection<UInt8>) {
    guard bytes.count == 32 else { return nil }
    var (a, b, c, d): (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
    for byte in bytes {
      // One number of 256 bits.
      (a, b, c, d) = (a << 8 | b >> 56, b << 8 | c >> 56, c << 8 | d >> 56, d << 8 | UInt64(byte))
    }
    self.init(a: a, b: b, c: c, d: d)
  }

  /// Takes 64 hexadecimal digits; nil for anything else.
  public init?(hex: some StringProtocol) {
    guard let bytes = Hex.decode(hex) else { return nil }
    self.init(bytes)
  }

  /// 32 zero bytes: a placeholder, not the digest of any known input.
  public static let zero = SHA256Digest(a: 0, b: 0, c: 0, d: 0)

  /// Takes the digest as four big-endian words.
  package init(a: UInt64, b: UInt64, c: UInt64, d: UInt64) {
    (self.a, self.b, self.c, self.d) = (a, b, c, d)
  }

  /// The 32 bytes as four big-endian words.
  package var words: (UInt64, UInt64, UInt64, UInt64) { (a, b, c, d) }

  /// The 32 bytes, in the order in which they are printed.
  public var bytes: [UInt8] {
    [a, b, c, d].flatMap { word in (0..<8).map { UInt8(truncatingIfNeeded: word >> UInt64(56 - 8 * $0)) } }
  }

  /// 64 lowercase hexadecimal digits.
  public var hex: String { Hex.encode(bytes) }

  public var description: String { hex }
}
