/// The frame of a page: a self-contained file without scripts, external fonts or network access.
package enum HTMLPage {
  /// Forbids fetching, running and sending anything, whatever the page contains; the style and pictures are
  /// inline.
  private static let policy =
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"

  /// - Parameters:
  ///   - title: The page title; it is escaped here.
  ///   - body: Elements for `<main>`, already escaped.
  ///   - data: A JSON document with the numbers of the page, for programs; nil for none.
  ///   - style: CSS rules in addition to ``HTMLStyle/text``.
  /// - Returns: The text of the file.
  package static func text(title: String, body: String, data: String?, style: String = "") -> String {
    let script =
      data.map(embedded).map { "<script type=\"application/json\" id=\"report\">\($0)</script>\n" } ?? ""
    return """
      <!DOCTYPE html>
      <html lang="en">
      <head>
      <meta charset="utf-8">
      <meta http-equiv="Content-Security-Policy" content="\(policy)">
      <meta name="viewport" content="width=device-width, initial-scale=1">
      <meta name="color-scheme" content="light dark">
      <title>\(XMLText.escaped(title))</title>
      <style>
      \(HTMLStyle.text)\(style.isEmpty ? "" : "\n" + style)
      </style>
      </head>
      <body>
      <main>
      \(body)</main>
      \(script)</body>
      </html>

      """
  }

  /// Escapes JSON for a script element.
  ///
  /// Only "</" and "<!--" could end the element early, so "<" is written as a JSON escape. So are control
  /// characters and those that change the text direction, which would confuse readers of the source.
  private static func embedded(_ json: String) -> String {
    var result = ""
    result.reserveCapacity(json.utf8.count)
    for scalar in json.unicodeScalars {
      switch scalar.value {
      case 0x3C, 0x7F..<0xA0, 0x200E, 0x200F, 0x2028...0x202E, 0x2066...0x2069:
        let digits = String(scalar.value, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }
}
