/// Base64 of RFC 4648, read strictly: no two texts give the same bytes.
enum Base64 {
  /// Decodes whole groups of four characters; nil for any other character, a missing or misplaced `=`, and
  /// nonzero bits after the last byte.
  static func decode(_ text: some Collection<UInt8>) -> [UInt8]? {
    guard text.count % 4 == 0 else { return nil }
    let padding = text.suffix(2).count { $0 == UInt8(ascii: "=") }
    var bytes: [UInt8] = []
    var bits: UInt32 = 0
    var pending = 0
    for character in text.dropLast(padding) {
      guard let digit = value(character) else { return nil }
      bits = bits << 6 | UInt32(digit)
      pending += 6
      if pending >= 8 {
        pending -= 8
        bytes.append(UInt8(truncatingIfNeeded: bits >> UInt32(pending)))
        bits &= (1 << UInt32(pending)) - 1
      }
    }
    return bits == 0 ? bytes : nil
  }

  private static func value(_ character: UInt8) -> UInt8? {
    switch character {
    case UInt8(ascii: "A")...UInt8(ascii: "Z"): character - UInt8(ascii: "A")
    case UInt8(ascii: "a")...UInt8(ascii: "z"): character - UInt8(ascii: "a") + 26
    case UInt8(ascii: "0")...UInt8(ascii: "9"): character - UInt8(ascii: "0") + 52
    case UInt8(ascii: "+"): 62
    case UInt8(ascii: "/"): 63
    default: nil
    }
  }
}
