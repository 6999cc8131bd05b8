internal import ResNetArchitecture
internal import SWTBytes
internal import SWTConsole
internal import SWTConversion

/// The contents of a file as an HTML page: sizes, statistics of the values, and anomalies.
///
/// The values must have been read. A file may have a million tensors: the page has rows for ``rowLimit`` of
/// them and figures for ``figureLimit``, those with remarks first, then the largest, and says so.
package struct InspectPage {
  package static let rowLimit = 2000
  package static let figureLimit = 400
  /// All numbers are in the page as JSON, unless there are more tensors than this.
  package static let dataLimit = 2000

  package let report: InspectReport
  package let leaves: [Module.Leaf]
  package let root: Module
  /// Anomalies, most serious first.
  package let findings: [(index: Int, remark: TensorStatistics.Remark)]
  /// Indices of the tensors with a row, and with a figure.
  package let rows: Set<Int>
  package let figures: Set<Int>

  package init(_ report: InspectReport) {
    self.report = report
    leaves = report.leaves
    root = Module.tree(leaves)
    let statistics = report.statistics
    findings = statistics.enumerated().flatMap { index, statistics in
      (statistics?.remarks ?? []).map { (index, $0) }
    }.sorted { a, b in
      (a.1.kind, b.1.weight, a.0) < (b.1.kind, a.1.weight, b.0)
    }
    let leaves = leaves
    var seen: Set<Int> = []
    let order =
      findings.map(\.index).filter { seen.insert($0).inserted }
      + leaves.indices.sorted { (leaves[$1].bytes, $0) < (leaves[$0].bytes, $1) }.filter {
        !seen.contains($0)
      }
    rows = Set(order.prefix(Self.rowLimit))
    figures = Set(
      order.lazy.filter { statistics.indices.contains($0) && statistics[$0] != nil }.prefix(Self.figureLimit))
  }

  package var text: String {
    let name = HTMLText.name(report.path)
    let body = header + findingsSection + sizes + treeSection + channelSection + notes + footer
    return HTMLPage.text(
      title: "\(Text.fitted(name, 80)): contents", body: body, data: data, style: HTMLTree.style)
  }

  private var data: String? {
    guard report.tensorCount <= Self.dataLimit else { return nil }
    var text = ""
    report.writeJSON { text += $0 }
    return text
  }

  private var footer: String {
    let data =
      report.tensorCount <= Self.dataLimit
      ? "All numbers are in this page as JSON, in the element <code>#report</code>."
      : "The JSON report of <code>pth2swt inspect</code> has all numbers."
    let limits =
      leaves.count > rows.count || report.statistics.count(where: { $0 != nil }) > figures.count
      ? "Of \(Text.grouped(leaves.count)) tensors, \(Text.grouped(rows.count)) have a row and "
        + "\(Text.grouped(figures.count)) have a figure: those with remarks, then the largest. " : ""
    return """
      <footer>
      <p>Bars count values on a logarithmic axis, on which a single value is visible next to a million.
      Mean, (population) standard deviation, quartiles and bars cover the finite values. An <b>outlier</b>
      is more than \(Text.fixed(TensorStatistics.fence, 0)) interquartile ranges from the median (if the
      quartiles are equal: five standard deviations). An output channel is <b>nearly zero</b> if no
      magnitude of its weights exceeds 10⁻⁶ of the tensor's largest; a BatchNorm weight up to 10⁻⁶; a
      running variance up to 10⁻⁸.</p>
      <p>\(limits)\(data)</p>
      <p>pth2swt \(XMLText.escaped(Producer.version))</p>
      </footer>

      """
  }
}
