extension JSONValue {
  /// The document as text; the same value gives the same bytes on every platform.
  ///
  /// Doubles are written as the shortest text that reads back as the same value. NaN and infinities, which
  /// JSON lacks, are the strings `"nan"`, `"inf"` and `"-inf"`.
  ///
  /// If `pretty`, there is one member per line, indented by two spaces per level, and lists of numbers take
  /// one line; otherwise there is no whitespace.
  package func text(pretty: Bool = false) -> String {
    var writer = JSONWriter(pretty: pretty)
    writer.write(self, level: 0)
    return String(decoding: writer.output, as: UTF8.self)
  }
}

extension JSONValue {
  fileprivate var isNumber: Bool {
    guard case .number = self else { return false }
    return true
  }
}

private struct JSONWriter {
  let pretty: Bool
  var output: [UInt8] = []

  init(pretty: Bool) { self.pretty = pretty }

  mutating func write(_ value: JSONValue, level: Int) {
    switch value {
    case .null: output += "null".utf8
    case .bool(let value): output += (value ? "true" : "false").utf8
    case .number(.int(let value)): output += String(value).utf8
    case .number(.unsigned(let value)): output += String(value).utf8
    case .number(.double(let value)): write(value)
    case .string(let text): write(text)
    case .array(let elements) where pretty && elements.allSatisfy(\.isNumber) && !elements.isEmpty:
      output += "[".utf8
      for (index, element) in elements.enumerated() {
        if index > 0 { output += ", ".utf8 }
        write(element, level: level)
      }
      output += "]".utf8
    case .array(let elements):
      list("[", "]", elements, level) { writer, element in writer.write(element, level: level + 1) }
    case .object(let members):
      list("{", "}", members, level) { writer, member in
        writer.write(member.key)
        writer.output += (writer.pretty ? ": " : ":").utf8
        writer.write(member.value, level: level + 1)
      }
    }
  }

  private mutating func list<Element>(
    _ open: String, _ close: String, _ elements: [Element], _ level: Int,
    _ body: (inout JSONWriter, Element) -> Void
  ) {
    output += open.utf8
    for (index, element) in elements.enumerated() {
      if index > 0 { output += ",".utf8 }
      newLine(level + 1)
      body(&self, element)
    }
    if !elements.isEmpty { newLine(level) }
    output += close.utf8
  }

  private mutating func newLine(_ level: Int) {
    guard pretty else { return }
    output.append(0x0A)
    output += repeatElement(0x20, count: 2 * level)
  }

  private mutating func write(_ value: Double) {
    if value.isNaN {
      write("nan")
    } else if value.isInfinite {
      write(value < 0 ? "-inf" : "inf")
    } else {
      // Swift's description is the shortest text that round-trips, and its form (1e-05, 0.1, 1.0) is valid
      // JSON.
      output += value.description.utf8
    }
  }

  private mutating func write(_ text: String) {
    output.append(UInt8(ascii: "\""))
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"): output += [UInt8(ascii: "\\"), byte]
      case 0x08: output += "\\b".utf8
      case 0x09: output += "\\t".utf8
      case 0x0A: output += "\\n".utf8
      case 0x0C: output += "\\f".utf8
      case 0x0D: output += "\\r".utf8
      case 0..<0x20:
        output += "\\u00".utf8
        output += (byte < 16 ? "0" : "").utf8
        output += String(byte, radix: 16).utf8
      default: output.append(byte)
      }
    }
    output.append(UInt8(ascii: "\""))
  }
}
