internal import SWTBytes

/// Parses the Python dict literal of an `.npy` header, and no other Python.
struct PythonLiteral {
  private let bytes: [UInt8]
  private let base: Int
  private var at = 0

  init(_ bytes: [UInt8], baseOffset: Int) {
    self.bytes = bytes
    base = baseOffset
  }

  /// Parses `{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }` and the blanks after it.
  mutating func arrayFields() throws(ParseFailure) -> (descr: String, isFortran: Bool, shape: [Int]) {
    var descr: String?
    var isFortran: Bool?
    var shape: [Int]?
    try expect("{")
    while !accept("}") {
      let start = at
      let key = try string()
      try expect(":")
      switch key {
      case "descr" where descr == nil: descr = try string()
      case "fortran_order" where isFortran == nil: isFortran = try bool()
      case "shape" where shape == nil: shape = try tuple()
      default: throw fail("an unknown or duplicate key", at: start)
      }
      if !accept(",") {
        try expect("}")
        break
      }
    }
    skipBlanks()
    guard at == bytes.count else { throw fail("text after the dict") }
    guard let descr, let isFortran, let shape else {
      throw fail("descr, fortran_order or shape is missing", at: 0)
    }
    return (descr, isFortran, shape)
  }

  private func fail(_ what: String, at position: Int? = nil) -> ParseFailure {
    ParseFailure(.invalid(what), at: base + (position ?? at), in: [".npy header"])
  }

  private mutating func skipBlanks() {
    while at < bytes.count, bytes[at] == 0x20 || bytes[at] == 0x0A { at += 1 }
  }

  private mutating func accept(_ character: Unicode.Scalar) -> Bool {
    skipBlanks()
    guard at < bytes.count, bytes[at] == UInt8(ascii: character) else { return false }
    at += 1
    return true
  }

  private mutating func expect(_ character: Unicode.Scalar) throws(ParseFailure) {
    guard accept(character) else { throw fail("expected \(character)") }
  }

  /// Text in single or double quotes; escapes never occur in the header of a plain array.
  private mutating func string() throws(ParseFailure) -> String {
    skipBlanks()
    guard at < bytes.count, bytes[at] == UInt8(ascii: "'") || bytes[at] == UInt8(ascii: "\"") else {
      if at < bytes.count, bytes[at] == UInt8(ascii: "[") {
        throw ParseFailure(.unsupported("a structured numpy array"), at: base + at, in: [".npy header"])
      }
      throw fail("expected a string")
    }
    let quote = bytes[at]
    let start = at + 1
    at += 1
    while at < bytes.count, bytes[at] != quote {
      guard 0x20..<0x7F ~= bytes[at], bytes[at] != UInt8(ascii: "\\") else {
        throw fail("a character that does not occur in the header of a plain array")
      }
      at += 1
    }
    guard at < bytes.count else { throw fail("unterminated string", at: start) }
    at += 1
    return String(decoding: bytes[start..<at - 1], as: UTF8.self)
  }

  private mutating func bool() throws(ParseFailure) -> Bool {
    skipBlanks()
    for (word, value) in [("True", true), ("False", false)] where bytes[at...].starts(with: word.utf8) {
      at += word.utf8.count
      return value
    }
    throw fail("expected True or False")
  }

  private mutating func tuple() throws(ParseFailure) -> [Int] {
    try expect("(")
    var numbers: [Int] = []
    while !accept(")") {
      numbers.append(try number())
      if accept(",") { continue }
      // Without a comma, (3) is a number in parentheses, not a tuple.
      guard numbers.count > 1 else { throw fail("the shape is not a tuple") }
      try expect(")")
      break
    }
    return numbers
  }

  private mutating func number() throws(ParseFailure) -> Int {
    skipBlanks()
    let start = at
    while at < bytes.count, 0x30...0x39 ~= bytes[at] { at += 1 }
    guard let value = Int(String(decoding: bytes[start..<at], as: UTF8.self)) else {
      throw fail("a dimension is not an integer, or is too large", at: start)
    }
    // Python 2 wrote long integers as 3L.
    if at < bytes.count, bytes[at] == UInt8(ascii: "L") { at += 1 }
    return value
  }
}
