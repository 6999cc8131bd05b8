/// A figure: heading, caption, legend, picture.
package enum HTMLFigure {
  package static func text(
    id: String, title: String, caption: String, key: String = "", picture: String, isWide: Bool = false
  ) -> String {
    let label = XMLText.escaped(title)
    let scroll =
      isWide
      ? "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"\(label)\">\n\(picture)</div>\n"
      : picture
    return
      "<figure aria-labelledby=\"\(id)-h\">\n<figcaption><h3 id=\"\(id)-h\">\(XMLText.escaped(title))</h3>"
      + "\(XMLText.escaped(caption))</figcaption>\n"
      + (key.isEmpty ? "" : "<div class=\"key\" aria-hidden=\"true\">\(key)</div>\n") + scroll + "</figure>\n"
  }

  /// An entry of a legend: a small picture and a word.
  package static func key(_ picture: String, _ word: String) -> String {
    "<span><svg viewBox=\"0 0 22 11\">\(picture)</svg>\(word)</span>"
  }
}
