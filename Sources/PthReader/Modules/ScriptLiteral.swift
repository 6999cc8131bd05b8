/// Reads literals of Python: numbers, texts, `None`, `True`, `False`, and lists and tuples of these. Anything
/// else is
/// skipped up to the next comma or closing bracket.
struct ScriptLiteral {
  private let bytes: ArraySlice<UInt8>
  private var index: Int
  private static let deepest = 4
  /// How far the arguments of one call are read.
  private static let longest = 4096

  init(_ text: some Sequence<UInt8>) {
    bytes = Array(text.prefix(Self.longest))[...]
    index = bytes.startIndex
  }

  /// The next value.
  mutating func value() -> ModuleValue { value(depth: 0) }

  /// The arguments of a call, from its opening parenthesis on.
  mutating func arguments() -> [ModuleValue] {
    guard case .list(let values) = value(depth: 0) else { return [] }
    return values
  }

  private mutating func value(depth: Int) -> ModuleValue {
    skipSpaces()
    guard index < bytes.endIndex else { return .other }
    let start = index
    var result = ModuleValue.other
    switch bytes[index] {
    case UInt8(ascii: "["), UInt8(ascii: "("):
      if depth < Self.deepest { result = list(depth: depth) }
    case UInt8(ascii: "\""), UInt8(ascii: "'"):
      let end = Self.endOfText(bytes, from: index)
      let text = bytes[index..<end].dropFirst().dropLast()
      index = end
      if text.count <= ModuleValue.longestText { result = .text(String(decoding: text, as: UTF8.self)) }
    default:
      let end = bytes[index...].firstIndex { Self.isSeparator($0) } ?? bytes.endIndex
      result = Self.word(String(decoding: bytes[index..<end], as: UTF8.self))
      index = end
    }
    skipSpaces()
    guard index < bytes.endIndex, !Self.isEnd(bytes[index]) else { return result }
    // An expression, such as a call: not a literal.
    index = max(index, start)
    skipExpression()
    return .other
  }

  private mutating func list(depth: Int) -> ModuleValue {
    index += 1
    var values: [ModuleValue] = []
    while true {
      skipSpaces()
      guard index < bytes.endIndex else { return .other }
      if Self.isClosing(bytes[index]) {
        index += 1
        return values.count <= ModuleValue.longestList ? .list(values) : .other
      }
      if bytes[index] == UInt8(ascii: ",") {
        index += 1
        continue
      }
      values.append(value(depth: depth + 1))
    }
  }

  private static func word(_ text: String) -> ModuleValue {
    switch text {
    case "None": return .none
    case "True": return .bool(true)
    case "False": return .bool(false)
    default:
      if let value = Int(text) { return .int(value) }
      guard let first = text.utf8.first, first < UInt8(ascii: "a"), let value = Double(text) else {
        return .other
      }
      return .float(value)
    }
  }

  /// Skips to the next comma or closing bracket of this level.
  private mutating func skipExpression() {
    var depth = 0
    while index < bytes.endIndex {
      let byte = bytes[index]
      if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") {
        index = Self.endOfText(bytes, from: index)
        continue
      }
      if byte == UInt8(ascii: "(") || byte == UInt8(ascii: "[") { depth += 1 }
      if Self.isClosing(byte) {
        if depth == 0 { return }
        depth -= 1
      }
      if byte == UInt8(ascii: ","), depth == 0 { return }
      index += 1
    }
  }

  private mutating func skipSpaces() {
    while index < bytes.endIndex, bytes[index] == UInt8(ascii: " ") { index += 1 }
  }

  private static func isClosing(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: ")") || byte == UInt8(ascii: "]")
  }
  private static func isEnd(_ byte: UInt8) -> Bool { isClosing(byte) || byte == UInt8(ascii: ",") }
  private static func isSeparator(_ byte: UInt8) -> Bool {
    isEnd(byte) || byte == UInt8(ascii: " ") || byte == UInt8(ascii: "(") || byte == UInt8(ascii: "[")
  }

  /// The index after a quoted text that starts at `start`.
  static func endOfText(_ bytes: ArraySlice<UInt8>, from start: Int) -> Int {
    var index = start + 1
    while index < bytes.endIndex, bytes[index] != bytes[start] {
      index += bytes[index] == UInt8(ascii: "\\") ? 2 : 1
    }
    return min(index + 1, bytes.endIndex)
  }
}
