internal import SWTBytes

/// Parses the numbers and strings of textual opcodes, and the integers of LONG1 and LONG4.
enum PickleText {
  /// INT: decimal, or `00` and `01`, the booleans of protocols 0 and 1.
  static func int(_ line: [UInt8], _ arena: PickleArena) throws(ParseFailure) -> NodeID {
    switch line {
    case [0x30, 0x30]: return try arena.bool(false)
    case [0x30, 0x31]: return try arena.bool(true)
    default: return try decimal(line[...], arena)
    }
  }

  /// LONG: decimal, with an optional `L` at the end.
  static func long(_ line: [UInt8], _ arena: PickleArena) throws(ParseFailure) -> NodeID {
    try decimal(line.last == UInt8(ascii: "L") ? line.dropLast() : line[...], arena)
  }

  private static func decimal(
    _ digits: ArraySlice<UInt8>, _ arena: PickleArena
  ) throws(ParseFailure) -> NodeID {
    let text = String(decoding: digits, as: UTF8.self)
    if digits.count <= 40, let value = Int128(text) { return try arena.int(value) }
    let body = digits.first == UInt8(ascii: "-") ? digits.dropFirst() : digits
    guard !body.isEmpty, body.allSatisfy({ (0x30...0x39).contains($0) }) else {
      throw ParseFailure(.invalid("a number has characters that are not digits"))
    }
    // Kept as text: converting ten million digits takes quadratic time, and no tensor needs such a number.
    return try arena.bytes(digits)
  }

  /// Little-endian two's complement of any length; no bytes mean zero.
  static func twosComplement(
    _ bytes: [UInt8], _ arena: PickleArena
  ) throws(ParseFailure) -> NodeID {
    guard bytes.count <= 16 else { return try arena.bytes(bytes[...]) }
    guard let last = bytes.last else { return try arena.int(Int64(0)) }
    var value: Int128 = last & 0x80 != 0 ? -1 : 0
    for byte in bytes.reversed() { value = value << 8 | Int128(byte) }
    return try arena.int(value)
  }

  /// FLOAT: Python's `repr` of a float.
  static func float(_ line: [UInt8]) throws(ParseFailure) -> Double {
    let text = String(decoding: line, as: UTF8.self)
    guard line.count <= 64, let value = Double(text) else {
      throw ParseFailure(.invalid("a float is not a number"))
    }
    return value
  }

  /// STRING: a Python 2 string literal in single or double quotes, with escapes.
  static func quoted(_ line: [UInt8]) throws(ParseFailure) -> [UInt8] {
    guard line.count >= 2, let quote = line.first, quote == 0x27 || quote == 0x22, line.last == quote
    else { throw ParseFailure(.invalid("a string has no quotes")) }
    var result: [UInt8] = []
    var rest = line[1..<(line.count - 1)]
    while let byte = rest.popFirst() {
      guard byte == UInt8(ascii: "\\") else {
        result.append(byte)
        continue
      }
      guard let escaped = rest.popFirst() else { throw ParseFailure(.invalid("a string ends in an escape")) }
      switch escaped {
      case UInt8(ascii: "n"): result.append(0x0A)
      case UInt8(ascii: "t"): result.append(0x09)
      case UInt8(ascii: "r"): result.append(0x0D)
      case UInt8(ascii: "a"): result.append(0x07)
      case UInt8(ascii: "b"): result.append(0x08)
      case UInt8(ascii: "f"): result.append(0x0C)
      case UInt8(ascii: "v"): result.append(0x0B)
      case UInt8(ascii: "x"): result.append(UInt8(truncatingIfNeeded: try hex(&rest, 2)))
      case 0x30...0x37:
        var value = UInt32(escaped - 0x30)
        while let next = rest.first, (0x30...0x37).contains(next), value < 0o40 {
          value = value * 8 + UInt32(next - 0x30)
          rest = rest.dropFirst()
        }
        result.append(UInt8(truncatingIfNeeded: value))
      case UInt8(ascii: "\\"), 0x27, 0x22: result.append(escaped)
      default: result += [0x5C, escaped]
      }
    }
    return result
  }

  /// UNICODE: Python's raw-unicode-escape. Bytes are Latin-1; `\uXXXX` and `\UXXXXXXXX` are code points.
  static func rawUnicode(_ line: [UInt8]) throws(ParseFailure) -> [UInt8] {
    var result: [UInt8] = []
    var rest = line[...]
    while let byte = rest.popFirst() {
      guard byte == UInt8(ascii: "\\"), let next = rest.popFirst() else {
        append(UInt32(byte), to: &result)
        continue
      }
      switch next {
      case UInt8(ascii: "u"): append(try hex(&rest, 4), to: &result)
      case UInt8(ascii: "U"):
        let code = try hex(&rest, 8)
        guard code <= 0x10FFFF else {
          throw ParseFailure(.invalid("0x\(String(code, radix: 16)) is not a character"))
        }
        append(code, to: &result)
      default:
        append(UInt32(byte), to: &result)
        append(UInt32(next), to: &result)
      }
    }
    return result
  }

  /// Appends a code point as UTF-8; a lone surrogate, which Python keeps, as the three bytes of its code.
  private static func append(_ code: UInt32, to result: inout [UInt8]) {
    func byte(_ value: UInt32) -> UInt8 { UInt8(truncatingIfNeeded: value) }
    switch code {
    case ..<0x80: result.append(byte(code))
    case ..<0x800: result += [byte(0xC0 | code >> 6), byte(0x80 | code & 0x3F)]
    case ..<0x10000:
      result += [byte(0xE0 | code >> 12), byte(0x80 | code >> 6 & 0x3F), byte(0x80 | code & 0x3F)]
    default:
      result += [
        byte(0xF0 | code >> 18), byte(0x80 | code >> 12 & 0x3F), byte(0x80 | code >> 6 & 0x3F),
        byte(0x80 | code & 0x3F),
      ]
    }
  }

  private static func hex(_ rest: inout ArraySlice<UInt8>, _ count: Int) throws(ParseFailure) -> UInt32 {
    let digits = rest.prefix(count)
    guard digits.count == count, digits.allSatisfy({ $0 != 0x2B && $0 != 0x2D }),
      let value = UInt32(String(decoding: digits, as: UTF8.self), radix: 16)
    else { throw ParseFailure(.invalid("an escape does not have \(count) hexadecimal digits")) }
    rest = rest.dropFirst(count)
    return value
  }

  /// UTF-8 if valid, otherwise Latin-1.
  static func decode(_ bytes: ArraySlice<UInt8>) -> String {
    if let text = String(validating: bytes, as: UTF8.self) { return text }
    var text = String.UnicodeScalarView()
    for byte in bytes { text.append(Unicode.Scalar(byte)) }
    return String(text)
  }
}
