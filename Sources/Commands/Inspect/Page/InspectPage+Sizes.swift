internal import SWTBytes
internal import SWTPages
internal import SWTSurvey

extension InspectPage {
  private static let groupLimit = 24
  private static let partLimit = 40
  private static let largestLimit = 12

  /// The modules at the top, the largest first; those within, when all lies in a single one.
  var groups: [Module] {
    var top = root
    while top.modules.count == 1, top.tensors.isEmpty, let only = top.modules.first, !only.modules.isEmpty {
      top = only
    }
    return top.modules.sorted { $0.bytes > $1.bytes }
  }

  /// What dominates the file: a picture, and the same as a table.
  var sizes: String {
    guard root.bytes > 0 else { return "" }
    let total = Double(root.bytes)
    func tip(_ module: Module, in outer: Module? = nil) -> String {
      let name = (outer.map { "\($0.label)." } ?? "") + module.label
      return
        "\(Text.fitted(name, 80)): \(Text.bytes(module.bytes)), \(Text.fixed(100 * Double(module.bytes) / total, 1)) %"
    }
    func detail(_ module: Module) -> String { "\(Text.fixed(100 * Double(module.bytes) / total, 1)) %" }
    let groups = groups
    let items = groups.prefix(Self.groupLimit).filter { $0.bytes > 0 }.map { module in
      Treemap.Item(
        label: String(module.label), detail: detail(module), tip: tip(module), size: Double(module.bytes),
        parts: module.modules.sorted { $0.bytes > $1.bytes }.prefix(Self.partLimit).filter { $0.bytes > 0 }
          .map { part in
            Treemap.Item(
              label: String(part.label), detail: detail(part), tip: tip(part, in: module),
              size: Double(part.bytes))
          })
    }
    let words = groups.prefix(6).map { tip($0) }.joined(separator: "; ")
    let picture =
      items.count < 2
      ? ""
      : Treemap(items).figure(
        id: "sizes-map", title: "Modules by their bytes",
        caption:
          "Areas are bytes of values\(groups.count > Self.groupLimit ? "; the \(Self.groupLimit) largest modules" : "").",
        description: "Rectangles. \(words).")
    let largest = leaves.indices.filter { !leaves[$0].isRepeat }
      .sorted { (leaves[$1].bytes, $0) < (leaves[$0].bytes, $1) }.prefix(Self.largestLimit)
    let rows = largest.map { index in
      [
        link(index), "<span class=\"mono\">\(XMLText.escaped("\(leaves[index].shape)"))</span>",
        XMLText.escaped(leaves[index].dtype), Text.bytes(leaves[index].bytes),
        HTMLText.percent(Double(leaves[index].bytes) / total),
      ]
    }
    let sum = largest.reduce(0) { $0 &+ leaves[$1].bytes }
    let share = HTMLText.percent(Double(sum) / total)
    return HTMLText.section(
      id: "sizes", "What dominates the file",
      sub: rows.count < leaves.count ? "The \(rows.count) largest tensors are \(share) of all values." : "",
      "<div class=\"card\">\n\(picture)<details><summary>The \(rows.count) largest tensors</summary>\n"
        + HTMLText.table(
          "The largest tensors", ["Tensor", "Shape", "Type", "Bytes", "Share"], rows, numeric: [3, 4])
        + "</details>\n</div>\n")
  }
}
