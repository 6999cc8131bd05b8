/// A SHA-256 digest: 32 bytes.
public struct SHA256Digest: Hashable, Sendable, CustomStringConvertible {
  /// Big-endian words, stored inline because a file has one digest per tensor.
  private let a, b, c, d: UInt64

  /// Takes exactly 32 bytes; nil for any other number.
  public init?(_ bytes: some Collection<UInt8>) {
    guard bytes.count == 32 else { return nil }
    var words: [UInt64] = [0, 0, 0, 0]
    for (i, byte) in bytes.enumerated() { words[i / 8] = words[i / 8] << 8 | UInt64(byte) }
    (a, b, c, d) = (words[0], words[1], words[2], words[3])
  }

  /// Takes 64 hexadecimal digits; nil for anything else.
  public init?(hex: some StringProtocol) {
    guard let bytes = Hex.decode(hex) else { return nil }
    self.init(bytes)
  }

  /// 32 zero bytes: a placeholder, not the digest of any known input.
  public static let zero = SHA256Digest(a: 0, b: 0, c: 0, d: 0)

  private init(a: UInt64, b: UInt64, c: UInt64, d: UInt64) {
    (self.a, self.b, self.c, self.d) = (a, b, c, d)
  }

  /// The 32 bytes, in the order in which they are printed.
  public var bytes: [UInt8] {
    [a, b, c, d].flatMap { word in (0..<8).map { UInt8(truncatingIfNeeded: word >> UInt64(56 - 8 * $0)) } }
  }

  /// 64 lowercase hexadecimal digits.
  public var hex: String { Hex.encode(bytes) }

  public var description: String { hex }
}
