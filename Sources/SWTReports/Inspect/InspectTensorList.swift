internal import SWTBytes
package import SWTConsole

/// A table of every tensor of a file.
package struct InspectTensorList {
  private let report: InspectReport
  private let console: Console

  package init(_ report: InspectReport, _ console: Console) {
    (self.report, self.console) = (report, console)
  }

  /// Prints rows as they are created; column widths fit the first thousand.
  package func write() {
    // The first rows determine the column widths. A digest is always shown in full.
    let count = min(report.tensorCount, 1000)
    let tensors = (0..<count).map { report.tensor($0) }
    let isHashed = tensors.contains { $0.sha256 != nil }
    let hasValues = !report.statistics.isEmpty
    let others = hasValues ? 100 : 44
    let names = console.isTerminal && !isHashed ? max(console.width - others, 24) : 100
    let sample = tensors.enumerated().map { row($1, $0, names) }
    let values = hasValues ? [">min", ">max", ">mean", ">std", ">zeros", "remarks"] : []
    let table = Text.Table(
      ["name", "dtype", "shape", ">bytes"] + values + (isHashed ? ["sha256"] : []), sample: sample,
      indent: "  ")
    var text = "\n" + table.headingLine
    for index in 0..<report.tensorCount {
      text += table.line(index < sample.count ? sample[index] : row(report.tensor(index), index, names))
      if text.utf8.count > 1 << 16 {
        console.write(text)
        text = ""
      }
    }
    console.write(text)
  }

  private func row(_ tensor: InspectReport.Tensor, _ index: Int, _ names: Int) -> [String] {
    var row = [
      Text.fitted(tensor.name.isEmpty ? "(the whole file)" : tensor.name, console.isTerminal ? names : 400),
      tensor.dtype, "\(tensor.shape)", Text.grouped(tensor.byteCount),
    ]
    if !report.statistics.isEmpty { row += values(report.statistics[index]) }
    if let digest = tensor.sha256 { row.append(digest) }
    return row
  }

  private func values(_ statistics: TensorStatistics?) -> [String] {
    guard let statistics else { return ["", "", "", "", "", "not read"] }
    return [statistics.minimum, statistics.maximum, statistics.mean, statistics.deviation].map(
      Text.scientific)
      + [Text.grouped(statistics.zeros), statistics.remarks.map(\.text).joined(separator: ", ")]
  }
}
