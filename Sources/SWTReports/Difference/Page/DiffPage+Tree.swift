internal import SWTBytes
internal import SWTConsole
internal import SWTVerification

extension DiffPage {
  private static let equalLimit = 100
  private static let deepest = 16

  /// Both trees in one; differences are expanded, equal tensors are collapsed.
  package var treeSection: String {
    guard !lines.isEmpty else {
      return HTMLText.section(
        id: "tree", "Both trees",
        "<div class=\"card\"><p class=\"soft\">Neither file has a tensor.</p></div>\n")
    }
    var left = Self.rowLimit
    let items = items(of: root, depth: 0, &left)
    return HTMLText.section(
      id: "tree", "Both trees",
      sub: "Expand a tensor that differs to see the sizes of its differences.",
      "<div class=\"card\">\n"
        + HTMLTree.heading("Module", ["Differing", "Max error", "relL2"], "Sizes of differences")
        + HTMLTree.list(items, label: "Modules and tensors of both files") + "</div>\n")
  }

  private func isEqual(_ index: Int) -> Bool {
    guard case .pair(let i) = lines[index] else { return false }
    return difference.pairs[i].verdict == .identical
  }

  /// Number of tensors in a module that differ in any way.
  private func differing(_ module: Module) -> Int {
    module.tensors.count { !isEqual($0) } + module.modules.reduce(0) { $0 + differing($1) }
  }

  private func items(of module: Module, depth: Int, _ left: inout Int) -> String {
    var html = ""
    let others = module.tensors.filter { !isEqual($0) }
    for index in others.prefix(left) { html += row(index, isTop: depth == 0) }
    if others.count > left {
      html += HTMLTree.remark("… \(Text.grouped(others.count - left)) more tensors differ")
    }
    left = max(0, left - others.count)
    let equal = module.tensors.filter { isEqual($0) }
    if !equal.isEmpty { html += folded(equal, isTop: depth == 0) }
    for child in module.modules {
      let count = differing(child)
      let name = child.label.isEmpty ? "\"\"" : Text.fitted(child.label, 80)
      let tensors = child.tensorCount == 1 ? "1 tensor" : "\(Text.grouped(child.tensorCount)) tensors"
      let note =
        count == 0
        ? "<span class=\"shape\">\(tensors), \(HTMLText.verdict(true, "identical"))</span>"
        : "<span class=\"shape\">\(HTMLText.verdict(false, "\(Text.grouped(count)) of \(tensors)"))</span>"
      let inside =
        depth < Self.deepest
        ? items(of: child, depth: depth + 1, &left) : HTMLTree.remark("… \(tensors) deeper")
      html += HTMLTree.branch(
        name, note: note, [], inside: HTMLTree.list(inside), isOpen: count > 0 && count < 40 && depth < 6)
    }
    return html
  }

  /// Equal tensors, in one line.
  private func folded(_ tensors: [Int], isTop: Bool) -> String {
    let names = tensors.prefix(Self.equalLimit).map { index -> String in
      guard case .pair(let i) = lines[index] else { return "" }
      let pair = difference.pairs[i]
      let name = isTop ? pair.name[...] : Module.leafName(pair.name)
      return "\(HTMLText.untrusted(name.isEmpty ? "(the whole file)" : String(name), 80)) "
        + "<span class=\"shape\">\(XMLText.escaped("\(pair.types) \(pair.shapes[0])"))</span>"
    }
    let more = tensors.count > names.count ? ", … \(Text.grouped(tensors.count - names.count)) more" : ""
    return HTMLTree.remark("Identical: " + names.joined(separator: ", ") + more)
  }

  private func row(_ index: Int, isTop: Bool) -> String {
    func name(_ name: String) -> String {
      name.isEmpty ? "(the whole file)" : Text.fitted(isTop ? name[...] : Module.leafName(name), 100)
    }
    switch lines[index] {
    case .only(let side, let i):
      let lone = side == 0 ? difference.onlyInFirst[i] : difference.onlyInSecond[i]
      return HTMLTree.leaf(
        name(lone.name),
        note: "<span class=\"shape\">\(XMLText.escaped("\(lone.dtype) \(lone.shape)"))</span> "
          + "<span class=\"flag hot\">only in \(side == 0 ? "A" : "B")</span>", [])
    case .pair(let i):
      let pair = difference.pairs[i]
      let shape =
        pair.shapes[0] == pair.shapes[1] ? "\(pair.shapes[0])" : "\(pair.shapes[0]) → \(pair.shapes[1])"
      let note =
        "<span class=\"shape\">\(XMLText.escaped("\(pair.types) \(shape)"))</span> "
        + "<span class=\"flag\(pair.verdict == .equal ? "" : " hot")\">\(Self.word(pair.verdict))</span>"
      let cells: [HTMLTree.Cell] = [
        .init(Text.grouped(pair.differing), unit: "differing"),
        .init(Self.number(pair.maxError), unit: "largest error"),
        .init(Self.number(pair.relL2), unit: "relative L2"),
      ]
      guard pair.verdict == .values else {
        let content = HTMLTree.content(name(pair.name), note: note, [])
        return "<li><div class=\"leaf\" id=\"p\(i)\">\(content)</div></li>\n"
      }
      return HTMLTree.branch(
        name(pair.name), note: note, cells, picture: histogram(pair).small, inside: values(i, pair),
        id: "p\(i)")
    }
  }

  private static func word(_ verdict: FileDifference.Pair.Verdict) -> String {
    switch verdict {
    case .identical: "identical"
    case .equal: "equal values, different type"
    case .values: "values differ"
    case .shape: "shapes differ"
    }
  }

  private func histogram(_ pair: FileDifference.Pair) -> LogHistogram {
    LogHistogram(pair.histogram.map { .init(powerOfTwo: $0.exponent, count: $0.count) })
  }

  /// The sizes of one tensor's differences.
  private func values(_ i: Int, _ pair: FileDifference.Pair) -> String {
    let share = Double(pair.differing) / Double(max(pair.elements, 1))
    let finite = pair.differing - pair.notFinite
    let description =
      "A histogram of \(Text.grouped(finite)) differences; "
      + "the largest is \(Text.scientific(pair.maxError ?? 0))."
    let equal = Text.grouped(pair.elements - pair.differing)
    let figure =
      figures.contains(i) && !pair.histogram.isEmpty
      ? "<figure>\n"
        + histogram(pair).chart(
          id: "d\(i)", title: "Differences of \(Text.fitted(pair.name, 80))", description: description,
          axis: "|a − b|")
        + "<figcaption>\(equal) elements are equal.</figcaption>\n</figure>\n"
      : ""
    let facts: [(String, String)] = [
      ("Elements", Text.grouped(pair.elements)),
      ("Differing", "\(Text.grouped(pair.differing)), \(HTMLText.percent(share))"),
      ("Max error", Self.number(pair.maxError)), ("relL2", Self.number(pair.relL2)),
      ("Bits that differ", pair.bits.map { Text.grouped($0) } ?? "different types"),
      ("Worst at", pair.worst.map { place($0, pair.shapes[0]) } ?? "–"),
      ("Not finite", Text.grouped(pair.notFinite)),
    ]
    return "<div class=\"values\">\n\(figure)\(HTMLText.facts(facts))</div>\n"
  }

  /// `12,345, at [3, 4, 0, 1]`.
  private func place(_ index: Int, _ shape: [Int]) -> String {
    "\(Text.grouped(index)), at [\(Text.place(index, in: shape))]"
  }
}
