internal import SWTBytes
internal import SWTConsole

/// The tree of a file's modules as rows, few enough for one or two screens.
package struct InspectTree {
  package struct Row {
    var indent: Int
    var label: String
    /// Totals of its contents; nil for remarks.
    var sums: (parameters: Int, bytes: Int)?
    var note: String
    var isModule = false
  }

  /// Maximum number of rows if no depth is given.
  package static let rowLimit = 150
  /// Maximum number of entries shown for a module.
  package static let entryLimit = 40

  package let leaves: [Module.Leaf]
  package let root: Module
  /// The type that is not shown: that of the most bytes.
  package let usualType: String

  package init(_ leaves: [Module.Leaf]) {
    self.leaves = leaves
    root = Module.tree(leaves)
    var bytes: [String: Int] = [:]
    for leaf in leaves { bytes[leaf.dtype, default: 0] &+= min(leaf.bytes, 1 << 40) }
    usualType = bytes.max { ($0.value, $1.key) < ($1.value, $0.key) }?.key ?? ""
  }

  /// The rows down to `depth`; if it is nil, as deep as ``rowLimit`` allows.
  package func rows(depth: Int?) -> [Row] {
    if let depth { return rows(of: root, indent: 0, depth: depth, limit: .max) }
    var best = rows(of: root, indent: 0, depth: 1, limit: .max)
    for depth in 2...40 {
      let more = rows(of: root, indent: 0, depth: depth, limit: Self.rowLimit)
      guard more.count <= Self.rowLimit, more.count > best.count else { break }
      best = more
    }
    return best
  }

  /// The rows of a module's contents; stops soon after `limit` rows.
  private func rows(of module: Module, indent: Int, depth: Int, limit: Int) -> [Row] {
    var rows: [Row] = []
    var entries: [() -> [Row]] = module.tensors.map { index in { [tensorRow(index, indent)] } }
    for run in module.runs {
      entries.append { self.rows(of: run, in: module, indent: indent, depth: depth, limit: limit) }
    }
    let shown = entries.count > Self.entryLimit ? Self.entryLimit - 4 : entries.count
    for entry in entries.prefix(shown) {
      rows += entry()
      if rows.count > limit { return rows }
    }
    if shown < entries.count {
      let what = module.modules.isEmpty ? "tensors" : "entries"
      rows.append(
        Row(indent: indent, label: "… \(Text.grouped(entries.count - shown)) more \(what)", note: ""))
    }
    return rows
  }

  /// The rows of a run of equal modules: the first in full, unless other modules precede the run, then one
  /// row for the rest.
  private func rows(
    of run: Range<Int>, in parent: Module, indent: Int, depth: Int, limit: Int
  ) -> [Row] {
    let first = parent.modules[run.lowerBound]
    if run.count == 1, first.modules.isEmpty, parent.tensors.contains(where: { isTensor($0, first.label) }) {
      // The scales of a quantized tensor have its name before theirs.
      return first.tensors.map { tensorRow($0, indent, after: first.label) }
    }
    guard run.count > 1 else { return rows(for: first, indent: indent, depth: depth, limit: limit) }
    let isFamiliar = run.lowerBound > 0
    var rows: [Row] = []
    var rest = run
    if !isFamiliar {
      rows = self.rows(for: first, indent: indent, depth: depth, limit: limit)
      rest = run.dropFirst()
    }
    let modules = parent.modules[rest]
    guard let from = modules.first, let to = modules.last else { return rows }
    func sum(_ value: (Module) -> Int) -> Int { modules.reduce(0) { $0 &+ value($1) } }
    let label = modules.count > 1 ? "\(from.label) … \(to.label)" : "\(from.label)"
    let note =
      isFamiliar
      ? "\(modules.count) blocks, equal shapes"
      : modules.count > 1 ? "\(modules.count) more blocks, equal shapes" : "the same shapes"
    rows.append(
      Row(
        indent: indent, label: label, sums: (sum(\.parameters), sum(\.bytes)), note: note, isModule: true))
    return rows
  }

  private func rows(for module: Module, indent: Int, depth: Int, limit: Int) -> [Row] {
    var row = Row(
      indent: indent, label: module.label.isEmpty ? "\"\"" : String(module.label),
      sums: (module.parameters, module.bytes), note: "", isModule: true)
    if module.modules.isEmpty {
      let isRepeat = module.tensors.allSatisfy { leaves[$0].isRepeat }
      row.note = shapes(module.tensors) + (isRepeat ? ", stored once" : "")
      return [row]
    }
    guard depth > 1 else {
      row.note = "\(Text.grouped(module.tensorCount)) tensors"
      return [row]
    }
    return [row] + rows(of: module, indent: indent + 1, depth: depth - 1, limit: limit)
  }

  /// Whether the last component of a tensor's name is `label`.
  private func isTensor(_ index: Int, _ label: Substring) -> Bool {
    Module.leafName(leaves[index].name) == label
  }

  private func tensorRow(_ index: Int, _ indent: Int, after label: Substring? = nil) -> Row {
    let leaf = leaves[index]
    let last = (label.map { $0 + "." } ?? "") + Module.leafName(leaf.name)
    let name = indent == 0 ? leaf.name : String(last)
    return Row(
      indent: indent, label: leaf.name.isEmpty ? "(the whole file)" : name,
      sums: (leaf.isParameter && !leaf.isRepeat ? leaf.elements : 0, leaf.isRepeat ? 0 : leaf.bytes),
      note: shapes([index]) + (leaf.isRepeat ? ", stored once" : ""))
  }

  /// `[64, 3, 7, 7]`, `4 × [64], int64 []`.
  private func shapes(_ indices: [Int]) -> String {
    var order: [String] = []
    var counts: [String: Int] = [:]
    for index in indices.prefix(1000) {
      let leaf = leaves[index]
      let isUsual = leaf.dtype == usualType && leaf.dtype.contains("float")
      let text = (isUsual ? "" : "\(leaf.dtype) ") + "\(leaf.shape)"
      if counts[text] == nil { order.append(text) }
      counts[text, default: 0] += 1
    }
    let more = order.count > 6 ? ", …" : ""
    return order.prefix(6).map { text in
      counts[text].map { $0 > 1 ? "\($0) × \(text)" : text } ?? text
    }.joined(separator: ", ") + more
  }
}
