internal import SWTBytes
internal import SWTConsole

extension InspectPage {
  /// Top-level modules are initially expanded if there are at most this many.
  private static let openLimit = 12
  /// Maximum nesting of lists, well below what browsers and screen readers support.
  private static let deepest = 16

  /// The tree of modules, with their tensors and values.
  package var treeSection: String {
    guard !leaves.isEmpty else {
      return HTMLText.section(
        id: "tree", "Layer tree",
        "<div class=\"card\"><p class=\"soft\">The file has no tensors.</p></div>\n")
    }
    let list = HTMLTree.list(items(of: root, depth: 0), label: "Modules and tensors")
    return HTMLText.section(
      id: "tree", "Layer tree",
      sub: "Expand a module to see its contents, and a tensor to see its values.",
      "<div class=\"card\">\n"
        + HTMLTree.heading("Module", ["Parameters", "Bytes", "Share"], "Share, values")
        + "\(list)</div>\n")
  }

  private func items(of module: Module, depth: Int) -> String {
    var html = ""
    let shown = module.tensors.filter { rows.contains($0) }
    for index in shown { html += tensor(index, isTop: depth == 0) }
    let hidden = module.tensors.count - shown.count
    if hidden > 0 {
      let bytes = module.tensors.filter { !rows.contains($0) }.reduce(0) {
        $0 &+ min(leaves[$1].bytes, 1 << 50)
      }
      html += HTMLTree.remark("… \(Text.grouped(hidden)) more tensors, \(Text.bytes(bytes))")
    }
    var left = 0
    for child in module.modules {
      guard hasRow(child) else {
        left += 1
        continue
      }
      html += branch(child, depth: depth, siblings: module.modules.count)
    }
    if left > 0 { html += HTMLTree.remark("… \(Text.grouped(left)) more modules with smaller tensors") }
    return html
  }

  /// Whether any tensor in the module has a row in the page.
  private func hasRow(_ module: Module) -> Bool {
    rows.count == leaves.count || module.tensors.contains { rows.contains($0) }
      || module.modules.contains(where: hasRow)
  }

  private func branch(_ module: Module, depth: Int, siblings: Int) -> String {
    let inside =
      depth < Self.deepest
      ? HTMLTree.list(items(of: module, depth: depth + 1))
      : HTMLTree.list(HTMLTree.remark("… \(Text.grouped(module.tensorCount)) tensors deeper"))
    let unusual = remarkCount(module)
    return HTMLTree.branch(
      module.label.isEmpty ? "\"\"" : Text.fitted(module.label, 80),
      note: unusual > 0 ? "<span class=\"flag\">\(Text.grouped(unusual)) unusual</span>" : "",
      cells(parameters: module.parameters, bytes: module.bytes),
      picture: HTMLTree.meter(share(module.bytes)), inside: inside,
      isOpen: depth == 0 && siblings <= Self.openLimit && !module.modules.isEmpty)
  }

  private func remarkCount(_ module: Module) -> Int {
    module.tensors.count { report.statistics[$0].map { !$0.remarks.isEmpty } ?? false }
      + module.modules.reduce(0) { $0 + remarkCount($1) }
  }

  private func share(_ bytes: Int) -> Double { Double(bytes) / Double(max(root.bytes, 1)) }

  private func cells(parameters: Int?, bytes: Int) -> [HTMLTree.Cell] {
    [
      .init(parameters.map { Text.grouped($0) } ?? "", unit: "parameters"),
      .init(Text.bytes(bytes), unit: ""),
      .init(HTMLText.percent(share(bytes)), unit: "of the values"),
    ]
  }

  private func tensor(_ index: Int, isTop: Bool) -> String {
    let leaf = leaves[index]
    let statistics = report.statistics[index]
    let name = leaf.name.isEmpty ? "(the whole file)" : isTop ? leaf.name : String(Module.leafName(leaf.name))
    var note = "<span class=\"shape\">\(XMLText.escaped("\(leaf.dtype) \(leaf.shape)"))</span>"
    if leaf.isRepeat { note += " <span class=\"shape\">stored once, already counted</span>" }
    for remark in statistics?.remarks ?? [] {
      let hot = remark.kind == .nonFinite ? " hot" : ""
      note += " <span class=\"flag\(hot)\">\(Self.title(remark.kind).lowercased())</span>"
    }
    let cells = cells(
      parameters: leaf.isParameter && !leaf.isRepeat ? leaf.elements : nil,
      bytes: leaf.isRepeat ? 0 : leaf.bytes)
    let small =
      statistics?.histogram.map { ValueHistogram($0.counts, low: $0.low, high: $0.high).small } ?? ""
    return HTMLTree.branch(
      Text.fitted(name, 100), note: note, cells, picture: small,
      inside: values(index, statistics, hasFigure: figures.contains(index)), id: "t\(index)")
  }
}
