internal import SWTBytes
internal import SWTConsole
internal import SWTConversion
internal import SWTTensorFiles
internal import SWTVerification

/// The difference of two files as an HTML page: the verdict, a table of differences, and a tree of both
/// files.
package struct DiffPage {
  /// Maximum numbers of pairs in the table, pairs with a figure, differing tensors in the tree, and lines
  /// with JSON data.
  package static let tableLimit = 300
  package static let figureLimit = 300
  package static let rowLimit = 2000
  package static let dataLimit = 2000

  /// A tensor in the tree.
  package enum Line {
    case pair(Int)
    case only(side: Int, Int)
  }

  package let report: DiffReport
  package let lines: [Line]
  package let root: Module
  /// Indices of the differing pairs, worst first.
  package let order: [Int]
  package let figures: Set<Int>

  package var difference: FileDifference { report.difference }

  package init(_ report: DiffReport) {
    self.report = report
    let difference = report.difference
    lines =
      difference.pairs.indices.map { .pair($0) } + difference.onlyInFirst.indices.map { .only(side: 0, $0) }
      + difference.onlyInSecond.indices.map { .only(side: 1, $0) }
    let leaves = lines.map { line -> Module.Leaf in
      let (name, dtype, shape): (String, String, [Int])
      switch line {
      case .pair(let i):
        (name, dtype, shape) = (
          difference.pairs[i].name, difference.pairs[i].dtypes[0], difference.pairs[i].shapes[0]
        )
      case .only(let side, let i):
        let lone = side == 0 ? difference.onlyInFirst[i] : difference.onlyInSecond[i]
        (name, dtype, shape) = (lone.name, lone.dtype, lone.shape)
      }
      return Module.Leaf(name: name, dtype: dtype, shape: shape, bytes: 0, isParameter: true, isRepeat: false)
    }
    root = Module.tree(leaves)
    order = report.byWeight
    figures = Set(order.lazy.filter { difference.pairs[$0].verdict == .values }.prefix(Self.figureLimit))
  }

  package var text: String {
    let names = report.paths.map { Text.fitted(HTMLText.name($0), 60) }
    let word = difference.isEmpty ? "Same" : "Different"
    return HTMLPage.text(
      title: "\(word): \(names[0]), \(names[1])", body: header + worst + treeSection + footer,
      data: lines.count <= Self.dataLimit ? report.json.text() : nil, style: HTMLTree.style)
  }

  // MARK: The verdict

  private var header: String {
    let isSame = difference.isEmpty
    let names = report.paths.map { HTMLText.untrusted(HTMLText.name($0), 80) }
    let translated = difference.translated.map { side in
      "<p class=\"detail\">\(names[side]) is compared under torchvision's names.</p>\n"
    }.joined()
    let leftOut = report.leftOut.map { side, what in
      "<p class=\"detail\">\(names[side]) has \(what), which are not compared: \(names[1 - side]) has none.</p>\n"
    }.joined()
    let engines = report.engines.map { "<p class=\"detail\">\(XMLText.escaped($0))</p>\n" } ?? ""
    return """
      <header class="verdict\(isSame ? "" : " failed")">
      <p class="eyebrow">pth2swt diff</p>
      <h1>\(names[0]) and \(names[1])</h1>
      <p class="stamp">\(HTMLText.mark(isSame))<strong>\(isSame ? "Same" : "Different")</strong>\
      <span>\(isSame ? "all values are equal" : whatDiffers)</span></p>
      <p class="lead">\(XMLText.escaped(report.sentence)).</p>
      \(translated)\(leftOut)\(engines)\(HTMLText.facts(identity))</header>

      """
  }

  private var whatDiffers: String {
    var parts: [String] = []
    func add(_ count: Int, _ what: String) {
      if count > 0 { parts.append("\(Text.grouped(count)) \(what)") }
    }
    add(report.count(.values), "in values")
    add(report.count(.shape), "in shape")
    add(difference.onlyInFirst.count, "only in A")
    add(difference.onlyInSecond.count, "only in B")
    return parts.joined(separator: ", ")
  }

  private var identity: [(String, String)] {
    var items = [
      ("A", HTMLText.untrusted(report.paths[0], 200)), ("B", HTMLText.untrusted(report.paths[1], 200)),
      ("Only in A", Text.grouped(difference.onlyInFirst.count)),
      ("Only in B", Text.grouped(difference.onlyInSecond.count)),
    ]
    if let most = order.first, difference.pairs[most].verdict == .values {
      items.append(("Largest relL2", Self.number(difference.pairs[most].relL2)))
    }
    let bits = difference.pairs.compactMap(\.bits).reduce(0, +)
    items.append(("Bits that differ", Text.grouped(bits)))
    return items
  }

  package static func number(_ value: Double?) -> String { value.map { HTMLText.number($0) } ?? "–" }

  // MARK: Differences

  private var worst: String {
    let rows = order.prefix(Self.tableLimit).map { i -> [String] in
      let pair = difference.pairs[i]
      let name = "<a href=\"#p\(i)\">\(HTMLText.untrusted(pair.name))</a>"
      guard pair.verdict != .shape else {
        return [
          name, Self.verdict(pair.verdict),
          "<span class=\"mono\">\(pair.shapes[0]) → \(pair.shapes[1])</span>", "", "",
          "", "", "",
        ]
      }
      return [
        name, Self.verdict(pair.verdict), XMLText.escaped(pair.types), Self.number(pair.maxError),
        Self.number(pair.relL2), "\(Text.grouped(pair.differing)) of \(Text.grouped(pair.elements))",
        pair.bits.map { Text.grouped($0) } ?? "–", pair.worst.map { Text.grouped($0) } ?? "–",
      ]
    }
    guard !rows.isEmpty else { return "" }
    let more = order.count - rows.count
    return HTMLText.section(
      id: "worst", "Differences, worst first",
      sub: more > 0 ? "The first \(rows.count) of \(Text.grouped(order.count)) tensors." : "",
      "<div class=\"card\">\n"
        + HTMLText.table(
          "Tensors that differ",
          ["Tensor", "Verdict", "Type or shape", "Max error", "relL2", "Differing", "Bits", "Worst at"], rows,
          numeric: [3, 4, 5, 6, 7]) + "</div>\n")
  }

  package static func verdict(_ verdict: FileDifference.Pair.Verdict) -> String {
    switch verdict {
    case .identical: HTMLText.verdict(true, "identical")
    case .equal: HTMLText.verdict(true, "equal values")
    case .values: HTMLText.verdict(false, "values")
    case .shape: HTMLText.verdict(false, "shape")
    }
  }

  private var footer: String {
    let data =
      lines.count <= Self.dataLimit
      ? "All numbers are in this page as JSON, in the element <code>#report</code>."
      : "The JSON report of <code>pth2swt diff</code> has all numbers."
    return """
      <footer>
      <p><b>Max error</b> is the largest |a − b|, infinite if only one side is finite; <b>relL2</b> is
      ‖a − b‖ / ‖a‖; <b>bits</b> counts differing bits if both types are the same. Bars count differing
      elements by the size of |a − b|, on logarithmic axes.</p>
      <p>\(data) The tree shows at most \(Text.grouped(Self.rowLimit)) tensors that differ, with figures
      for the \(Text.grouped(Self.figureLimit)) worst.</p>
      <p>pth2swt \(XMLText.escaped(Producer.version))</p>
      </footer>

      """
  }
}
