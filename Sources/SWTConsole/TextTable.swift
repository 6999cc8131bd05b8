extension Text {
  /// Aligned columns, printed row by row; a column is right-aligned if its heading starts with `>`.
  package struct Table {
    /// Maximum column width, so that one long name does not push the other columns off the screen.
    private static let widest = 100

    private let indent: String
    private let heading: [String]
    private let isRightAligned: [Bool]
    private var widths: [Int]

    /// A table whose column widths fit the cells of `sample`.
    package init(_ heading: [String], sample: some Sequence<[String]>, indent: String = "") {
      self.indent = indent
      isRightAligned = heading.map { $0.hasPrefix(">") }
      self.heading = heading.map { $0.hasPrefix(">") ? String($0.dropFirst()) : $0 }
      widths = self.heading.map { Text.width($0) }
      for row in sample {
        for (i, cell) in row.enumerated() where i < widths.count {
          widths[i] = max(widths[i], min(Self.widest, Text.width(cell)))
        }
      }
    }

    package var headingLine: String { line(heading) }

    package func line(_ row: [String]) -> String {
      let padded = row.enumerated().map { i, cell in
        let space = String(
          repeating: " ", count: max(0, (i < widths.count ? widths[i] : 0) - Text.width(cell)))
        return i < isRightAligned.count && isRightAligned[i] ? space + cell : cell + space
      }
      var line = indent + padded.joined(separator: "  ")
      while line.last == " " { line.removeLast() }
      return line + "\n"
    }
  }

  /// Rows with aligned columns.
  package static func table(_ rows: [[String]], indent: String = "") -> String {
    guard let heading = rows.first else { return "" }
    let table = Table(heading, sample: rows.dropFirst(), indent: indent)
    return table.headingLine + rows.dropFirst().map(table.line).joined()
  }

  /// Text from a file, safe to print: control, direction and invisible characters become `\u{…}`, and long
  /// text is cut.
  package static func printable(_ text: String, limit: Int = 400) -> String {
    let isPlain = text.unicodeScalars.allSatisfy { !isControl($0) }
    if isPlain, text.utf8.count <= limit { return text }
    var result = ""
    for scalar in text.unicodeScalars {
      if result.utf8.count > limit { return result + "…" }
      if isControl(scalar) {
        result += escaped(scalar)
      } else {
        result.unicodeScalars.append(scalar)
      }
    }
    return result
  }

  /// `\u{1b}`: a character by its number.
  static func escaped(_ scalar: Unicode.Scalar) -> String { "\\u{\(String(scalar.value, radix: 16))}" }

  /// Whether a terminal, or the direction of text, obeys the character instead of showing it.
  package static func isControl(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0..<0x20, 0x7F..<0xA0, 0xAD, 0x61C, 0x180E, 0x200B...0x200F, 0x2028...0x202E, 0x2060...0x206F,
      0xFEFF, 0xFFF9...0xFFFB, 0xE0000...0xE0FFF:
      true
    default: false
    }
  }
}
