internal import SWTBytes
internal import SWTConsole

/// Builds an SVG figure; coordinates are rounded to one decimal.
package struct SVGChart {
  package let width: Double
  package let height: Double
  private var body = ""

  package init(width: Double, height: Double) { (self.width, self.height) = (width, height) }

  package static func number(_ value: Double) -> String {
    let text = Text.fixed(value, 1)
    return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
  }

  package mutating func line(_ kind: String, _ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double) {
    path(kind, "M\(Self.number(x1)) \(Self.number(y1))L\(Self.number(x2)) \(Self.number(y2))")
  }

  package mutating func path(_ kind: String, _ data: String) {
    guard !data.isEmpty else { return }
    body += "<path class=\"\(kind)\" d=\"\(data)\"/>\n"
  }

  package mutating func rect(
    _ kind: String, _ x: Double, _ y: Double, _ width: Double, _ height: Double, radius: Double = 0,
    tip: String? = nil
  ) {
    let place = "x=\"\(Self.number(x))\" y=\"\(Self.number(y))\""
    let size = "width=\"\(Self.number(max(0, width)))\" height=\"\(Self.number(max(0, height)))\""
    let round = radius > 0 ? " rx=\"\(Self.number(radius))\"" : ""
    body += "<rect class=\"\(kind)\" \(place) \(size)\(round)\(closing("rect", tip))\n"
  }

  package mutating func circle(_ kind: String, _ x: Double, _ y: Double, _ radius: Double, tip: String? = nil)
  {
    body += "<circle class=\"\(kind)\" cx=\"\(Self.number(x))\" cy=\"\(Self.number(y))\" "
    body += "r=\"\(Self.number(radius))\"\(closing("circle", tip))\n"
  }

  /// A diamond, which is distinguishable from a circle without color.
  package mutating func diamond(
    _ kind: String, _ x: Double, _ y: Double, _ radius: Double, tip: String? = nil
  ) {
    let r = Self.number(radius)
    body += "<path class=\"\(kind)\" d=\"M\(Self.number(x)) \(Self.number(y - radius))"
    body += "l\(r) \(r)l-\(r) \(r)l-\(r) -\(r)z\"\(closing("path", tip))\n"
  }

  package mutating func text(
    _ text: String, _ x: Double, _ y: Double, anchor: String = "start", kind: String? = nil, turn: Double = 0
  ) {
    let place = "x=\"\(Self.number(x))\" y=\"\(Self.number(y))\""
    let turned =
      turn == 0
      ? "" : " transform=\"rotate(\(Self.number(turn)) \(Self.number(x)) \(Self.number(y)))\""
    let anchored = anchor == "start" ? "" : " text-anchor=\"\(anchor)\""
    body += "<text\(kind.map { " class=\"\($0)\"" } ?? "") \(place)\(anchored)\(turned)>"
    body += "\(XMLText.escaped(text))</text>\n"
  }

  /// A tooltip, which screen readers read too.
  private func closing(_ tag: String, _ tip: String?) -> String {
    tip.map { "><title>\(XMLText.escaped($0))</title></\(tag)>" } ?? "/>"
  }

  /// The picture, with a title and a description for screen readers.
  package func element(id: String, title: String, description: String, isWide: Bool = false) -> String {
    let box = "0 0 \(Self.number(width)) \(Self.number(height))"
    return "<svg class=\"chart\(isWide ? " wide" : "")\" viewBox=\"\(box)\" "
      + "role=\"img\" aria-labelledby=\"\(id)-t \(id)-d\">\n"
      + "<title id=\"\(id)-t\">\(XMLText.escaped(title))</title>\n"
      + "<desc id=\"\(id)-d\">\(XMLText.escaped(description))</desc>\n\(body)</svg>\n"
  }
}
