internal import SWTBytes
internal import SWTConsole
internal import SWTVerification

/// The section of one golden.
enum HTMLGoldenSection {
  static func text(_ golden: GoldenReport, number: Int, isOnly: Bool) -> String {
    let id = "golden-\(number)"
    var html = "<section aria-labelledby=\"\(id)\">\n<h2 id=\"\(id)\">\(XMLText.escaped(golden.name))</h2>\n"
    html += "<p class=\"sub\">\(XMLText.escaped(origin(golden)))</p>\n"
    html += findings(golden)
    let growth = GrowthFigure(golden)
    if growth.points.count > 1 { html += card(growth.figure(id: "\(id)-growth"), growth.table) }
    guard let item = golden.comparisons.first, let picture = item.picture else {
      return html + "</section>\n"
    }
    html += "<div class=\"pair\">\n"
    html += card(HistogramFigure(picture, allowed: item.criterion.allowedMax).figure(id: "\(id)-histogram"))
    html += card(ScatterFigure(picture, allowed: item.criterion.allowedMax).figure(id: "\(id)-scatter"))
    html += "</div>\n"
    if !picture.labels.isEmpty {
      html += "<div class=\"pair\">\n"
      for image in picture.labels.indices.prefix(2) {
        let figure = LabelFigure(
          picture.labels[image], image: image, count: item.labels?.items.count ?? 1,
          verdict: item.labels?.items[image], bound: item.criterion.allowedMax * item.metrics.scale)
        html += card(figure.figure(id: "\(id)-labels-\(image)"))
      }
      if picture.labels.count == 1 { html += card(worst(item, picture, isOpen: true)) }
      html += "</div>\n"
    }
    if picture.labels.count != 1 { html += card(worst(item, picture, isOpen: false)) }
    return html + "</section>\n"
  }

  private static func card(_ parts: String...) -> String {
    "<div class=\"card\">\n\(parts.joined())</div>\n"
  }

  private static func origin(_ golden: GoldenReport) -> String {
    let kind =
      switch golden.kind {
      case "self": "made by pth2swt"
      case "imported": golden.producer
      default: "computed by \(golden.producer)"
      }
    let bound = golden.isUncalibrated ? "no noise floor recorded, so the default is used" : "calibrated"
    return "\(kind); \(bound)"
  }

  private static func findings(_ golden: GoldenReport) -> String {
    var items: [(String, String, Bool)] = []
    if let weights = golden.weights, !weights.passes { items.append(("weights", weights.sentence, true)) }
    for finding in golden.findings where finding.kind != "uncalibrated" {
      items.append(
        (finding.kind, finding.text, ["cause", "divergence", "non-finite"].contains(finding.kind)))
    }
    guard !items.isEmpty else { return "" }
    let list = items.map { kind, text, isHot in
      "<li\(isHot ? " class=\"hot\"" : "")><b>\(HTMLText.capitalized(kind))</b> · "
        + "\(HTMLText.prose(text))</li>\n"
    }
    return "<ul class=\"findings\">\n\(list.joined())</ul>\n"
  }

  private static func excess(_ value: Double) -> String {
    value < 0.005 && value > 0 ? "< 0.01" : value < 10 ? Text.fixed(value, 2) : HTMLText.times(value)
  }

  /// The elements with the largest errors.
  private static func worst(
    _ item: GoldenReport.Comparison, _ picture: ErrorPicture, isOpen: Bool
  ) -> String {
    let classes =
      picture.labels.isEmpty ? nil : item.labels.map { picture.elementCount / max(1, $0.items.count) }
    let rows = picture.worst.map { element in
      [
        classes.map { "\(element.index / $0), \(element.index % $0)" } ?? "\(element.index)",
        Text.fixed(element.expected, 5), Text.fixed(element.actual, 5),
        HTMLText.number(element.error * (item.metrics.scale > 0 ? item.metrics.scale : 1)),
        excess(element.error / item.criterion.allowedMax),
      ]
    }
    let table = HTMLText.table(
      "The \(rows.count) elements with the largest errors",
      [classes == nil ? "Element" : "Image, label", "Expected", "Got", "Error", "× allowed"], rows,
      numeric: [1, 2, 3, 4])
    return "<details class=\"tight\"\(isOpen ? " open" : "")>"
      + "<summary>The \(rows.count) largest errors</summary>\n\(table)</details>\n"
  }
}
