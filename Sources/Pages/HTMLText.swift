internal import SWTBytes

/// Small pieces that several parts of the page share.
package enum HTMLText {
  /// Shapes besides colours, so that a verdict is read without any.
  package static let check =
    "<svg class=\"mark\" viewBox=\"0 0 20 20\" aria-hidden=\"true\"><path d=\"M4 10.5l4 4 8-9\"/></svg>"
  package static let cross =
    "<svg class=\"mark\" viewBox=\"0 0 20 20\" aria-hidden=\"true\"><path d=\"M5 5l10 10M15 5L5 15\"/></svg>"

  package static func mark(_ passes: Bool) -> String { passes ? check : cross }

  /// The last part of a path.
  package static func name(_ path: String) -> String {
    path.split(separator: "/").last.map(String.init) ?? path
  }

  /// A verdict in a table.
  package static func verdict(_ passes: Bool, _ word: String? = nil) -> String {
    "<span class=\"\(passes ? "good" : "bad")\">\(mark(passes))\(word ?? (passes ? "pass" : "fail"))</span>"
  }

  /// `1.9 × 10⁻⁶`, and `0` for nothing.
  package static func number(_ value: Double) -> String {
    guard value.isFinite, value != 0 else { return Text.scientific(value) }
    let parts = Text.scientific(value).split(separator: "e")
    guard parts.count == 2, let exponent = Int(parts[1]) else { return Text.scientific(value) }
    return exponent == 0 ? String(parts[0]) : "\(parts[0])\u{A0}×\u{A0}\(power(exponent))"
  }

  /// A sentence whose `1.9e-06` become `1.9 × 10⁻⁶`.
  package static func prose(_ text: String) -> String {
    text.split(separator: " ", omittingEmptySubsequences: false).map { word -> String in
      if word == "->" { return "→" }
      let bare = word.drop { $0 == "(" }.prefix { !",;:)".contains($0) }
      let parts = bare.split(separator: "e")
      guard parts.count == 2, "+-".contains(parts[1].first ?? " "),
        parts[1].dropFirst().allSatisfy(\.isNumber),
        let value = Double(bare)
      else { return XMLText.escaped(String(word)) }
      let (before, after) = (word[..<bare.startIndex], word[bare.endIndex...])
      return XMLText.escaped(String(before)) + number(value) + XMLText.escaped(String(after))
    }.joined(separator: " ")
  }

  /// `10⁻⁶`.
  package static func power(_ exponent: Int) -> String {
    let digits = "\(exponent)".map { character -> Character in
      switch character {
      case "-": "⁻"
      case "1": "¹"
      case "2": "²"
      case "3": "³"
      default: Character(Unicode.Scalar(0x2070 + (character.wholeNumberValue ?? 0)) ?? "?")
      }
    }
    return "10" + String(digits)
  }

  /// Rows as a table with a caption for those who hear it.
  package static func table(
    _ caption: String, _ heading: [String], _ rows: [[String]], numeric: Set<Int> = []
  ) -> String {
    func cell(_ tag: String, _ text: String, _ column: Int, _ scope: String = "") -> String {
      "<\(tag)\(numeric.contains(column) ? " class=\"n\"" : "")\(scope)>\(text)</\(tag)>"
    }
    var html =
      "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"\(XMLText.escaped(caption))\">\n"
    html += "<table><caption>\(XMLText.escaped(caption))</caption>\n<thead><tr>"
    html += heading.enumerated().map { cell("th", $1, $0, " scope=\"col\"") }.joined()
    html += "</tr></thead>\n<tbody>\n"
    for row in rows {
      html +=
        "<tr>"
        + row.enumerated().map { $0 == 0 ? cell("th", $1, $0, " scope=\"row\"") : cell("td", $1, $0) }
        .joined() + "</tr>\n"
    }
    return html + "</tbody></table>\n</div>\n"
  }
}
