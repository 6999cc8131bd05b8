internal import SWTBytes
internal import SWTConsole

/// Small elements shared by several pages.
package enum HTMLText {
  /// With a capital letter first.
  static func capitalized(_ text: String) -> String { text.prefix(1).uppercased() + text.dropFirst() }

  /// Shapes in addition to colors, so that verdicts are readable without color.
  package static let check =
    "<svg class=\"mark\" viewBox=\"0 0 20 20\" aria-hidden=\"true\"><path d=\"M4 10.5l4 4 8-9\"/></svg>"
  package static let cross =
    "<svg class=\"mark\" viewBox=\"0 0 20 20\" aria-hidden=\"true\"><path d=\"M5 5l10 10M15 5L5 15\"/></svg>"

  package static func mark(_ passes: Bool) -> String { passes ? check : cross }

  /// The last component of a path.
  package static func name(_ path: String) -> String {
    path.split(separator: "/").last.map(String.init) ?? path
  }

  /// A verdict in a table.
  package static func verdict(_ passes: Bool, _ word: String? = nil) -> String {
    "<span class=\"\(passes ? "good" : "bad")\">\(mark(passes))\(word ?? (passes ? "pass" : "fail"))</span>"
  }

  /// A number with `digits` significant digits: `1.9 × 10⁻⁶`, `0.17`, `900`, or `0` for zero.
  package static func number(_ value: Double, digits: Int = 2) -> String {
    guard value.isFinite, value != 0 else { return Text.scientific(value) }
    var exponent = Int(Logarithm.base10(value.magnitude).rounded(.down))
    // For the smallest numbers, the power of ten to divide by would underflow.
    var mantissa =
      exponent < -300
      ? value * 1e300 / Logarithm.power10(exponent + 300) : value / Logarithm.power10(exponent)
    if Double(Text.fixed(mantissa.magnitude, digits - 1)) ?? 0 >= 10 {
      exponent += 1
      mantissa /= 10
    }
    if (-3...4).contains(exponent) { return Text.fixed(value, max(digits - 1 - exponent, 0)) }
    return "\(Text.fixed(mantissa, digits - 1))\u{A0}×\u{A0}\(power(exponent))"
  }

  /// A sentence in which numbers like `1.9e-06` become `1.9 × 10⁻⁶`.
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

  /// A power of ten: `10⁻⁶`.
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

  /// A table with a caption for screen readers.
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

extension HTMLText {
  /// A name from a file: escaped, shortened in the middle if it is long, and isolated so that it cannot
  /// change the direction of the surrounding text.
  package static func untrusted(_ name: String, _ columns: Int = 120) -> String {
    "<bdi>\(XMLText.escaped(Text.fitted(name, columns)))</bdi>"
  }

  /// A section of a page with a heading.
  package static func section(id: String, _ title: String, sub: String = "", _ body: String) -> String {
    "<section aria-labelledby=\"\(id)\">\n<h2 id=\"\(id)\">\(XMLText.escaped(title))</h2>\n"
      + (sub.isEmpty ? "" : "<p class=\"sub\">\(sub)</p>\n") + body + "</section>\n"
  }

  /// A list of keys and values, both HTML.
  package static func facts(_ items: [(String, String)], kind: String = "") -> String {
    "<dl\(kind.isEmpty ? "" : " class=\"\(kind)\"")>\n"
      + items.map { "<div><dt>\($0)</dt><dd>\($1)</dd></div>\n" }.joined() + "</dl>\n"
  }

  /// A percentage: `12.3 %`, or `< 0.1 %` if it would round to zero.
  package static func percent(_ share: Double) -> String {
    share > 0 && share < 0.0005 ? "&lt; 0.1 %" : "\(Text.fixed(100 * share, 1)) %"
  }
}
