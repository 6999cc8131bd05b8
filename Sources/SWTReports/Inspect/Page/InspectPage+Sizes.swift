internal import SWTBytes
internal import SWTConsole

extension InspectPage {
  private static let groupLimit = 24
  private static let partLimit = 40
  private static let largestLimit = 12

  /// The top-level modules, largest first.
  package var groups: [Module] { top.modules.sorted { $0.bytes > $1.bytes } }

  /// The root; if it has only one module, that module, and so on.
  private var top: Module {
    var top = root
    while top.modules.count == 1, top.tensors.isEmpty, let only = top.modules.first, !only.modules.isEmpty {
      top = only
    }
    return top
  }

  /// The parts of a module, largest first; those beyond `limit` are combined.
  private func parts(
    of module: Module, limit: Int, path: String, within: (Module) -> [Treemap.Item]
  ) -> [Treemap.Item] {
    func item(_ label: String, _ bytes: Int, _ parts: [Treemap.Item] = []) -> Treemap.Item {
      let share = "\(Text.fixed(100 * Double(bytes) / Double(max(root.bytes, 1)), 1)) %"
      return Treemap.Item(
        label: label, detail: share, tip: "\(Text.fitted(path + label, 80)): \(Text.bytes(bytes)), \(share)",
        size: Double(bytes), parts: parts)
    }
    let modules = module.modules.filter { $0.bytes > 0 }.map { ($0.bytes, String($0.label), Optional($0)) }
    let tensors = module.tensors.filter { !leaves[$0].isRepeat && leaves[$0].bytes > 0 }.map { index in
      (leaves[index].bytes, String(Module.leafName(leaves[index].name)), nil as Module?)
    }
    let all = (modules + tensors).enumerated().sorted {
      ($1.element.0, $0.offset) < ($0.element.0, $1.offset)
    }
    let shown = all.prefix(limit).map { _, part in item(part.1, part.0, part.2.map(within) ?? []) }
    let rest = all.dropFirst(limit).reduce(0) { $0 &+ $1.element.0 }
    return rest > 0 ? shown + [item("\(Text.grouped(all.count - limit)) others", rest)] : shown
  }

  /// What dominates the file, as a picture and a table.
  package var sizes: String {
    guard root.bytes > 0 else { return "" }
    let total = Double(root.bytes)
    let items = parts(of: top, limit: Self.groupLimit, path: "") { module in
      module.modules.isEmpty
        ? [] : parts(of: module, limit: Self.partLimit, path: "\(module.label).") { _ in [] }
    }
    let words = items.prefix(6).map(\.tip).joined(separator: "; ")
    let picture =
      items.count < 2
      ? ""
      : Treemap(items).figure(
        id: "sizes-map", title: "Modules by size", caption: "Areas are proportional to bytes of values.",
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
      sub: rows.count < leaves.count ? "The \(rows.count) largest tensors have \(share) of all bytes." : "",
      "<div class=\"card\">\n\(picture)<details><summary>The \(rows.count) largest tensors</summary>\n"
        + HTMLText.table(
          "The largest tensors", ["Tensor", "Shape", "Type", "Bytes", "Share"], rows, numeric: [3, 4])
        + "</details>\n</div>\n")
  }
}
