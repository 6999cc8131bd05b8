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
  package static func text(title: String, body: String, data: String?, style: String = "") -> String {
    // Inside a script element only "</" and "<!--" could end it early; JSON can say "<" in another way.
    let safe = data?.split(separator: "<", omittingEmptySubsequences: false).joined(separator: "\\u003c")
    let script = safe.map { "<script type=\"application/json\" id=\"report\">\($0)</script>\n" } ?? ""
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
}
