internal import PthReader
internal import ResNetArchitecture
internal import SWTBytes
package import SWTConsole
internal import SWTTensorFiles

/// The report for people: what the file is, the tree of its modules with their sizes, and notes.
///
/// Control characters in names from the file are shown as escapes, not sent to the terminal.
package struct InspectText {
  package let report: InspectReport
  package let console: Console
  package let depth: Int?
  private let style: TerminalStyle

  package init(_ report: InspectReport, _ console: Console, depth: Int?) {
    (self.report, self.console, self.depth) = (report, console, depth)
    style = TerminalStyle(isColorful: console.isColorful)
  }

  package func write(listsTensors: Bool) {
    let tree = InspectTree(report.leaves)
    console.write(heading(tree) + "\n" + text(of: tree) + notes)
    if listsTensors, let quantized = report.quantized {
      let table = Text.table([QuantizedSummary.heading] + quantized.rows, indent: "  ")
      console.write("\n" + style.bold("scales and zero points") + "\n" + table)
    }
    if listsTensors { InspectTensorList(report, console).write() }
  }

  private func line(_ key: String, _ value: String) -> String {
    let space = String(repeating: " ", count: max(2, 14 - Text.width(key)))
    return "  " + style.dim(key) + space + value + "\n"
  }

  // MARK: Heading

  private func heading(_ tree: InspectTree) -> String {
    let form =
      report.metadata.contains { $0.key == "compression" } ? "\(report.container) in gzip" : report.container
    var text = style.bold(Text.fitted(report.path, max(console.width, 80))) + "\n"
    text += line("container", "\(form), \(Text.bytes(report.byteCount))")
    text += line("architecture", architecture)
    if let quantized = report.quantized { text += line("quantized", quantized.sentence) }
    var types: [String: Int] = [:]
    for leaf in tree.leaves { types[leaf.dtype, default: 0] += 1 }
    let listed = types.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.prefix(6)
    let sum = listed.map { "\(Text.grouped($0.value)) \($0.key)" }.joined(separator: ", ")
    text += line(
      "tensors",
      types.isEmpty
        ? "none"
        : "\(Text.grouped(report.tensorCount)) (\(sum)\(types.count > 6 ? ", …" : "")), "
          + Text.bytes(tree.root.bytes))
    if let architecture = report.architecture {
      text += line("parameters", Text.grouped(LayerTree(architecture).parameterCount))
      let others = tree.root.parameters - LayerTree(architecture).parameterCount
      if others > 0, !report.roles.isEmpty {
        text += line("others", "\(Text.grouped(others)) outside the network")
      }
    } else if tree.root.parameters > 0 {
      text += line("parameters", Text.grouped(tree.root.parameters))
    }
    for mention in report.globals where mention.name.isDangerous {
      let name = Text.fitted(mention.name.qualified, 60)
      text +=
        "  " + style.warning("DANGEROUS")
        + "     names \(name) at byte \(mention.offset); nothing was executed\n"
    }
    return text
  }

  private var architecture: String {
    if let architecture = report.architecture {
      let head = architecture.classCount.map { "\($0) classes" } ?? "headless"
      let keys = report.family.map { ", keys of \(Text.fitted($0, 40))" } ?? ""
      return "\(architecture.name) (\(head))\(keys)"
    }
    return "not a known ResNet or ResNeXt" + (report.misfit.map { ": \(Text.printable($0.reason))" } ?? "")
  }

  // MARK: Tree

  private func text(of tree: InspectTree) -> String {
    let rows = tree.rows(depth: depth)
    guard !rows.isEmpty else { return "" }
    let width = console.width
    let total = Double(max(tree.root.bytes, 1))
    let hasBar = width >= 76
    // In a narrow terminal, the number of parameters is left out first.
    let columns = width >= 60 ? [0, 1, 2] : [1, 2]
    func label(_ row: InspectTree.Row) -> Int { 2 * row.indent + min(Text.width(row.label), 400) }
    let names = min(max(rows.map(label).max() ?? 0, 8), width * 2 / 5)
    let heads = columns.map { ["parameters", "bytes", "share"][$0] }
    let cells = rows.map { row in
      let all = row.sums.map {
        [Text.grouped($0.parameters), Text.bytes($0.bytes), Self.percent(Double($0.bytes) / total)]
      }
      return columns.map { all?[$0] ?? "" }
    }
    let widths = heads.indices.map { column in
      max(heads[column].count, cells.map { $0[column].count }.max() ?? 0)
    }
    func padded(_ text: String, _ size: Int, toRight: Bool = false) -> String {
      let space = String(repeating: " ", count: max(0, size - Text.width(text)))
      return toRight ? space + text : text + space
    }
    func numbers(_ cells: [String]) -> String {
      zip(cells, widths).map { padded($0, $1, toRight: true) }.joined(separator: "  ")
    }
    let left = 2 + names + 2 + widths.reduce(0, +) + 2 * (widths.count - 1) + (hasBar ? 12 : 0) + 2
    var text = "  " + style.dim(padded("module", names) + "  " + numbers(heads)) + "\n"
    for (row, cells) in zip(rows, cells) {
      let indent = String(repeating: "  ", count: min(row.indent, names / 4))
      let label = padded(Text.fitted(row.label, max(names - indent.count, 4)), names - indent.count)
      var line = "  " + indent + (row.isModule && row.indent == 0 ? style.bold(label) : label)
      line += "  " + numbers(cells)
      if hasBar {
        line += "  " + style.accent(padded(Self.bar(row.sums.map { Double($0.bytes) / total } ?? 0), 10))
      }
      if width - left > 8, !row.note.isEmpty {
        line += "  " + style.dim(Text.shortened(row.note, width - left))
      }
      while line.last == " " { line.removeLast() }
      text += line + "\n"
    }
    return text
  }

  private static func percent(_ share: Double) -> String {
    share == 0 ? "" : share < 0.0005 ? "< 0.1 %" : "\(Text.fixed(100 * share, 1)) %"
  }

  /// A bar of up to ten blocks, in steps of half a block.
  private static func bar(_ share: Double) -> String {
    let halves = Int((min(max(share, 0), 1) * 20).rounded())
    return String(repeating: "█", count: halves / 2) + (halves % 2 == 1 ? "▌" : "")
  }

  // MARK: Notes

  private var notes: String {
    var text = ""
    func section(_ title: String, _ lines: [String], of count: Int? = nil) {
      guard !lines.isEmpty else { return }
      text += "\n" + style.bold(title) + "\n" + lines.map { "  \($0)\n" }.joined()
      let more = (count ?? lines.count) - lines.count
      if more > 0 { text += "  … \(Text.grouped(more)) more (the JSON report lists all)\n" }
    }
    section(
      "skipped",
      report.skipped.prefix(20).map { path, reason in
        (path.isEmpty ? "" : Text.fitted(path, 80) + ": ") + Text.printable(reason)
      }, of: report.skipped.count)
    let shared = shared
    section("shared storages", Array(shared.prefix(12)), of: shared.count)
    let unknown = report.globals.filter { !$0.isKnown && !$0.name.isDangerous }
    section(
      "other names in the pickle", unknown.prefix(12).map { Text.fitted($0.name.qualified, 90) },
      of: unknown.count)
    let shown = report.metadata.filter {
      $0.key != "labels" && !$0.key.hasPrefix("golden.") && $0.key != "keys"
    }
    section(
      "metadata",
      shown.prefix(40).map {
        "\(Text.fitted($0.key, 40))  \(Text.printable($0.value.string ?? $0.value.text()))"
      },
      of: shown.count)
    return text
  }

  /// `a: also b, c, +2 more`.
  private var shared: [String] {
    var order: [String] = []
    var others: [String: [String]] = [:]
    for index in 0..<report.tensorCount {
      let tensor = report.tensor(index)
      guard let first = tensor.sharesWith else { continue }
      if others[first] == nil { order.append(first) }
      others[first, default: []].append(tensor.name)
    }
    return order.map { first in
      let names = others[first] ?? []
      let more = names.count > 4 ? ", +\(Text.grouped(names.count - 4)) more" : ""
      return "\(Text.fitted(first, 60)): also "
        + names.prefix(4).map { Text.fitted($0, 60) }.joined(separator: ", ") + more
    }
  }
}
