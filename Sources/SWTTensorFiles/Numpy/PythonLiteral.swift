internal import SWTBytes

/// The Python dict literal of an `.npy` header, and nothing else of Python.
struct PythonLiteral {
  private let bytes: [UInt8]
  private let base: Int
  private var at = 0

  init(_ bytes: [UInt8], baseOffset: Int) {
    self.bytes = bytes
    base = baseOffset
  }

  /// Reads `{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }` and the blanks behind it.
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
      default: throw fail("a key that is unknown or stands twice", at: start)
      }
      if !accept(",") {
        try expect("}")
        break
      }
    }
    skipBlanks()
    guard at == bytes.count else { throw fail("more text after the dict") }
    guard let descr, let isFortran, let shape else { throw fail("no descr, fortran_order or shape", at: 0) }
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
    guard accept(character) else { throw fail("no \(character) where one must stand") }
  }

  /// Text in either quote; an escape would be the start of something that is no plain array.
  private mutating func string() throws(ParseFailure) -> String {
    skipBlanks()
    guard at < bytes.count, bytes[at] == UInt8(ascii: "'") || bytes[at] == UInt8(ascii: "\"") else {
      if at < bytes.count, bytes[at] == UInt8(ascii: "[") {
        throw ParseFailure(.unsupported("a structured numpy array"), at: base + at, in: [".npy header"])
      }
      throw fail("no string where one must stand")
    }
    let quote = bytes[at]
    let start = at + 1
    at += 1
    while at < bytes.count, bytes[at] != quote {
      guard 0x20..<0x7F ~= bytes[at], bytes[at] != UInt8(ascii: "\\") else {
        throw fail("a character that belongs in no plain array's header")
      }
      at += 1
    }
    guard at < bytes.count else { throw fail("a string without an end", at: start) }
    at += 1
    return String(decoding: bytes[start..<at - 1], as: UTF8.self)
  }

  private mutating func bool() throws(ParseFailure) -> Bool {
    skipBlanks()
    for (word, value) in [("True", true), ("False", false)] where bytes[at...].starts(with: word.utf8) {
      at += word.utf8.count
      return value
    }
    throw fail("neither True nor False")
  }

  private mutating func tuple() throws(ParseFailure) -> [Int] {
    try expect("(")
    var numbers: [Int] = []
    while !accept(")") {
      numbers.append(try number())
      if accept(",") { continue }
      // Without a comma, (3) is a number in parentheses.
      guard numbers.count > 1 else { throw fail("a shape that is no tuple") }
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
      throw fail("a size that is no whole number of this machine", at: start)
    }
    // Python 2 wrote long integers as 3L.
    if at < bytes.count, bytes[at] == UInt8(ascii: "L") { at += 1 }
    return value
  }
}
