/// The frame of a page: one file that needs nothing else, no script, no font, no network.
package enum HTMLPage {
  /// Nothing may be fetched, run or sent, whatever stands in the page; the style is in it.
  private static let policy =
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"

  /// - Parameters:
  ///   - title: What a tab is called; it is escaped here.
  ///   - body: Elements for `<main>`, escaped already.
  ///   - data: One JSON document with the numbers of the page, for programs; nil for none.
  ///   - style: Rules besides those of ``HTMLStyle/text``.
  /// - Returns: The bytes of the file, as text.
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

  /// JSON for a script element.
  ///
  /// Only "</" and "<!--" could end the element early; JSON can say "<" in another way. So it can say what would turn the
  /// direction of the text for someone who reads the source.
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
