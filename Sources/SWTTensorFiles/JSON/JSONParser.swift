package import SWTBytes

extension JSONValue {
  /// Parses a JSON document (RFC 8259) that fills `bytes`, except for surrounding whitespace.
  ///
  /// Stricter than the RFC: duplicate keys are refused (readers disagree on which one counts), nesting is
  /// limited to 64 levels, and every escape must be valid.
  ///
  /// `baseOffset` is the offset of `bytes` in its file, so that errors give file offsets. `nodeLimit`, the
  /// maximum number of values in the document, bounds the memory that a short text can cause to be allocated.
  package static func parse(
    _ bytes: [UInt8], baseOffset: Int = 0, nodeLimit: Int = 8_000_000
  ) throws(ParseFailure) -> JSONValue {
    var parser = JSONParser(bytes: bytes, base: baseOffset, nodesLeft: nodeLimit, nodeLimit: nodeLimit)
    return try parser.document()
  }
}

private struct JSONParser {
  static let depthLimit = 64
  /// Maximum characters of a number; no number needs more, and parsing long ones is slow.
  static let numberLimit = 1024

  let bytes: [UInt8]
  let base: Int
  var nodesLeft: Int
  let nodeLimit: Int
  var at = 0

  init(bytes: [UInt8], base: Int, nodesLeft: Int, nodeLimit: Int) {
    self.bytes = bytes
    self.base = base
    self.nodesLeft = nodesLeft
    self.nodeLimit = nodeLimit
  }

  mutating func document() throws(ParseFailure) -> JSONValue {
    skipSpace()
    let value = try value(depth: 0)
    skipSpace()
    guard at == bytes.count else { throw fail("text after the end of the JSON document") }
    return value
  }

  func fail(_ what: String, at position: Int? = nil) -> ParseFailure {
    ParseFailure(.invalid(what), at: base + (position ?? at))
  }

  /// The next byte; 0, with which no token starts, at the end.
  var next: UInt8 { at < bytes.count ? bytes[at] : 0 }

  mutating func skipSpace() {
    while at < bytes.count {
      let byte = bytes[at]
      guard byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 else { return }
      at += 1
    }
  }

  mutating func value(depth: Int) throws(ParseFailure) -> JSONValue {
    guard depth < Self.depthLimit else {
      throw ParseFailure(
        .limit(.depth, value: UInt64(depth + 1), maximum: UInt64(Self.depthLimit)), at: base + at)
    }
    nodesLeft -= 1
    guard nodesLeft >= 0 else { throw fail("the JSON document has more than \(nodeLimit) values") }
    switch next {
    case UInt8(ascii: "{"): return try object(depth: depth)
    case UInt8(ascii: "["): return try array(depth: depth)
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "t"): return try word("true", .bool(true))
    case UInt8(ascii: "f"): return try word("false", .bool(false))
    case UInt8(ascii: "n"): return try word("null", .null)
    case UInt8(ascii: "-"), 0x30...0x39: return .number(try number())
    default:
      throw fail(at < bytes.count ? "expected a JSON value" : "the JSON document ends early")
    }
  }

  mutating func word(_ text: StaticString, _ value: JSONValue) throws(ParseFailure) -> JSONValue {
    let expected = Array("\(text)".utf8)
    guard bytes.count - at >= expected.count, bytes[at..<at + expected.count].elementsEqual(expected) else {
      throw fail("expected \(text)")
    }
    at += expected.count
    return value
  }

  mutating func array(depth: Int) throws(ParseFailure) -> JSONValue {
    at += 1
    var elements: [JSONValue] = []
    skipSpace()
    if next == UInt8(ascii: "]") {
      at += 1
      return .array([])
    }
    while true {
      skipSpace()
      elements.append(try value(depth: depth + 1))
      if try listEnds(UInt8(ascii: "]"), "array") { return .array(elements) }
    }
  }

  mutating func object(depth: Int) throws(ParseFailure) -> JSONValue {
    at += 1
    var members: [JSONMember] = []
    var keys: Set<ExactString> = []
    skipSpace()
    if next == UInt8(ascii: "}") {
      at += 1
      return .object([])
    }
    while true {
      skipSpace()
      let start = at
      guard next == UInt8(ascii: "\"") else { throw fail("expected a string as the key of an object") }
      let key = try string()
      guard keys.insert(ExactString(key)).inserted else {
        throw fail("the key \(JSONValue.string(key).text()) occurs twice in an object", at: start)
      }
      skipSpace()
      guard next == UInt8(ascii: ":") else { throw fail("expected a colon after the key") }
      at += 1
      skipSpace()
      members.append(JSONMember(key, try value(depth: depth + 1)))
      if try listEnds(UInt8(ascii: "}"), "object") { return .object(members) }
    }
  }

  /// Skips a comma or the closing bracket; returns true for the bracket.
  mutating func listEnds(_ bracket: UInt8, _ kind: String) throws(ParseFailure) -> Bool {
    skipSpace()
    let found = next
    guard found == bracket || found == UInt8(ascii: ",") else {
      throw fail(at < bytes.count ? "expected a comma or the end of an \(kind)" : "unterminated \(kind)")
    }
    at += 1
    return found == bracket
  }
}

// MARK: - Numbers

extension JSONParser {
  mutating func number() throws(ParseFailure) -> JSONNumber {
    let start = at
    let isNegative = next == UInt8(ascii: "-")
    if isNegative { at += 1 }
    let digits = at
    skipDigits()
    guard at > digits else { throw fail("a number has no digits", at: start) }
    guard at - digits == 1 || bytes[digits] != UInt8(ascii: "0") else {
      throw fail("a number has a leading zero", at: start)
    }
    let integerEnd = at
    if next == UInt8(ascii: ".") {
      at += 1
      let fraction = at
      skipDigits()
      guard at > fraction else { throw fail("a number has no digits after its decimal point", at: start) }
    }
    if next | 0x20 == UInt8(ascii: "e") {
      at += 1
      if next == UInt8(ascii: "+") || next == UInt8(ascii: "-") { at += 1 }
      let exponent = at
      skipDigits()
      guard at > exponent else { throw fail("a number has no digits in its exponent", at: start) }
    }
    guard at - start <= Self.numberLimit else {
      throw fail("a number has more than \(Self.numberLimit) characters", at: start)
    }
    let text = String(decoding: bytes[start..<at], as: UTF8.self)
    if at == integerEnd, text != "-0" {
      if let value = Int64(text) { return .int(value) }
      if let value = UInt64(text) { return .unsigned(value) }
    }
    guard let value = Double(text), value.isFinite else {
      throw fail("a number is out of the range of Double", at: start)
    }
    return .double(value)
  }

  private mutating func skipDigits() {
    while at < bytes.count, bytes[at] >= 0x30, bytes[at] <= 0x39 { at += 1 }
  }
}

// MARK: - Strings

extension JSONParser {
  mutating func string() throws(ParseFailure) -> String {
    let start = at
    at += 1
    let first = at
    while at < bytes.count, bytes[at] >= 0x20, bytes[at] != UInt8(ascii: "\""),
      bytes[at] != UInt8(ascii: "\\")
    {
      at += 1
    }
    var text: [UInt8]?
    if next == UInt8(ascii: "\\") { text = try unescaped(from: first) }
    guard at < bytes.count else { throw fail("unterminated string", at: start) }
    guard next == UInt8(ascii: "\"") else { throw fail("a string has a control character") }
    let decoded =
      if let text { String(validating: text, as: UTF8.self) } else {
        String(validating: bytes[first..<at], as: UTF8.self)
      }
    guard let decoded else { throw fail("a string is not UTF-8", at: start) }
    at += 1
    return decoded
  }

  /// The bytes of a string with escapes, up to its closing quote or the first byte that is not allowed.
  private mutating func unescaped(from first: Int) throws(ParseFailure) -> [UInt8] {
    var text = Array(bytes[first..<at])
    while at < bytes.count, bytes[at] >= 0x20, bytes[at] != UInt8(ascii: "\"") {
      guard bytes[at] == UInt8(ascii: "\\") else {
        text.append(bytes[at])
        at += 1
        continue
      }
      let start = at
      at += 1
      let letter = next
      at += 1
      switch letter {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(letter)
      case UInt8(ascii: "b"): text.append(0x08)
      case UInt8(ascii: "f"): text.append(0x0C)
      case UInt8(ascii: "n"): text.append(0x0A)
      case UInt8(ascii: "r"): text.append(0x0D)
      case UInt8(ascii: "t"): text.append(0x09)
      case UInt8(ascii: "u"): text += try scalar(start).utf8
      default: throw fail("an escape is not valid JSON", at: start)
      }
    }
    return text
  }

  /// The character of a `\uXXXX` escape, or of two that form a surrogate pair.
  private mutating func scalar(_ start: Int) throws(ParseFailure) -> String {
    var code = UInt32(try hexadecimal(start))
    if 0xD800...0xDBFF ~= code {
      guard bytes.count - at >= 6, bytes[at] == UInt8(ascii: "\\"), bytes[at + 1] == UInt8(ascii: "u") else {
        throw fail("an unpaired surrogate", at: start)
      }
      at += 2
      let low = UInt32(try hexadecimal(start))
      guard 0xDC00...0xDFFF ~= low else { throw fail("an unpaired surrogate", at: start) }
      code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
    }
    guard let scalar = Unicode.Scalar(code) else { throw fail("an unpaired surrogate", at: start) }
    return String(Character(scalar))
  }

  private mutating func hexadecimal(_ start: Int) throws(ParseFailure) -> UInt16 {
    guard bytes.count - at >= 4 else { throw fail("an escape is cut off", at: start) }
    var code: UInt16 = 0
    for byte in bytes[at..<at + 4] {
      guard let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
        throw fail("an escape does not have four hexadecimal digits", at: start)
      }
      code = code << 4 | UInt16(digit)
    }
    at += 4
    return code
  }
}
