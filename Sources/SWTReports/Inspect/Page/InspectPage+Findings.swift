internal import PthReader
internal import SWTBytes
internal import SWTConsole

extension InspectPage {
  private static let findingLimit = 60
  private static let shownLimit = 6
  private static let channelLimit = 200
  private static let indexLimit = 24

  /// Anomalies of the values, and where they are.
  package var findingsSection: String {
    let dangerous = report.globals.filter { $0.name.isDangerous }
    guard !findings.isEmpty || !dangerous.isEmpty else { return "" }
    var html = ""
    let names = dangerous.prefix(Self.findingLimit).map { mention in
      "<li class=\"hot\">\(HTMLText.untrusted(mention.name.qualified, 80)) at byte \(mention.offset). "
        + "Do not load this file with PyTorch: that would run its code.</li>\n"
    }
    if !names.isEmpty { html += "<h3>Dangerous names</h3>\n" + Self.list(names, of: dangerous.count) }
    for kind in TensorStatistics.Remark.Kind.allCases {
      let found = findings.filter { $0.remark.kind == kind }
      guard !found.isEmpty else { continue }
      let items = found.prefix(Self.findingLimit).map { index, remark in
        let mark = kind == .nonFinite ? " class=\"hot\"" : ""
        return "<li\(mark)>\(link(index)): \(HTMLText.prose(remark.text))</li>\n"
      }
      html += "<h3>\(Self.title(kind))</h3>\n" + Self.list(items, of: found.count)
    }
    return HTMLText.section(id: "findings", "Worth a look", "<div class=\"card findings\">\n\(html)</div>\n")
  }

  /// The first few items of a list; others are collapsed, and those beyond the limit only counted.
  private static func list(_ items: [String], of count: Int) -> String {
    let (shown, hidden) = (items.prefix(shownLimit), items.dropFirst(shownLimit))
    var html = "<ul class=\"plain\">\n\(shown.joined())</ul>\n"
    guard !hidden.isEmpty else { return html }
    let more = count - items.count
    let rest = more > 0 ? "<li class=\"soft\">… \(Text.grouped(more)) more, marked in the tree</li>\n" : ""
    html += "<details><summary>\(Text.grouped(count - shown.count)) more</summary>\n"
    return html + "<ul class=\"plain\">\n\(hidden.joined())\(rest)</ul>\n</details>\n"
  }

  package static func title(_ kind: TensorStatistics.Remark.Kind) -> String {
    switch kind {
    case .nonFinite: "Not finite"
    case .deadChannels: "Dead channels"
    case .outliers: "Outliers"
    }
  }

  /// A tensor's name, linked to its row if it has one.
  package func link(_ index: Int) -> String {
    let name = HTMLText.untrusted(leaves[index].name.isEmpty ? "(the whole file)" : leaves[index].name)
    return rows.contains(index) ? "<a href=\"#t\(index)\">\(name)</a>" : name
  }

  /// Dead channels, layer by layer.
  package var channelSection: String {
    let dead = report.statistics.enumerated().compactMap { index, statistics in
      statistics?.channels.flatMap { $0.dead.isEmpty ? nil : (index, $0) }
    }
    guard !dead.isEmpty else { return "" }
    let rows = dead.prefix(Self.channelLimit).map { index, channels in
      let listed = channels.dead.prefix(Self.indexLimit).map(String.init).joined(separator: ", ")
      let more = channels.dead.count > Self.indexLimit ? ", …" : ""
      return [
        link(index), Self.what(channels.rule), "\(channels.dead.count)", "\(channels.zeroCount)",
        "\(channels.channelCount)", "<span class=\"long mono\">\(listed)\(more)</span>",
      ]
    }
    let more = dead.count - rows.count
    return HTMLText.section(
      id: "channels", "Dead channels",
      sub: "A dead channel contributes nothing but costs as much as any other. "
        + "Channels are indices along the tensor's first axis."
        + (more > 0 ? " \(Text.grouped(more)) more tensors have dead channels." : ""),
      "<div class=\"card\">\n"
        + HTMLText.table(
          "Tensors with dead channels", ["Tensor", "What", "Dead", "Zero", "Of", "Channels"], rows,
          numeric: [2, 3, 4]) + "</div>\n")
  }

  private static func what(_ rule: ChannelFindings.Rule) -> String {
    switch rule {
    case .filter: "weights of an output channel"
    case .normWeight: "BatchNorm weight"
    case .runningVariance: "running variance"
    }
  }
}
