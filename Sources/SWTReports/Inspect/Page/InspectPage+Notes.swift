internal import PthReader
internal import SWTBytes
internal import SWTConsole
internal import SWTTensorFiles

extension InspectPage {
  private static let noteLimit = 200

  /// Skipped objects, shared storages, names in the pickle, and metadata.
  package var notes: String {
    var html = ""
    func add(_ title: String, _ heading: [String], _ rows: [[String]], of count: Int) {
      guard !rows.isEmpty else { return }
      let more = count > rows.count ? "<p class=\"soft\">\(Text.grouped(count - rows.count)) more.</p>\n" : ""
      html +=
        "<details><summary>\(title) (\(Text.grouped(count)))</summary>\n"
        + HTMLText.table(title, heading, rows) + more + "</details>\n"
    }
    if let quantized = report.quantized {
      add(
        "Scales and zero points",
        ["Layer", "Weight", "Scales of the weight", "Scale of the output", "Zero point"],
        quantized.rows.map { $0.map { HTMLText.untrusted($0) } }, of: quantized.layers.count)
    }
    add(
      "Skipped", ["What", "Why"],
      report.skipped.prefix(Self.noteLimit).map { [HTMLText.untrusted($0.path), wrapped($0.reason)] },
      of: report.skipped.count)
    let shared = (0..<leaves.count).lazy.compactMap { index in
      report.tensor(index).sharesWith.map { (index, $0) }
    }
    add(
      "Shared storages", ["Tensor", "Shares the storage of"],
      shared.prefix(Self.noteLimit).map { [link($0), HTMLText.untrusted($1)] }, of: shared.count)
    add(
      "Names in the pickle", ["Name", "Known"],
      report.globals.prefix(Self.noteLimit).map { mention in
        [
          HTMLText.untrusted(mention.name.qualified),
          mention.name.isDangerous ? HTMLText.verdict(false, "dangerous") : mention.isKnown ? "yes" : "no",
        ]
      }, of: report.globals.count)
    add(
      "Metadata", ["Key", "Value"],
      report.metadata.prefix(Self.noteLimit).map {
        [HTMLText.untrusted($0.key), wrapped($0.value.string ?? $0.value.text())]
      },
      of: report.metadata.count)
    guard !html.isEmpty else { return "" }
    return HTMLText.section(id: "notes", "Other contents", "<div class=\"card\">\n\(html)</div>\n")
  }

  private func wrapped(_ text: String) -> String {
    "<span class=\"long\">\(HTMLText.untrusted(text, 600))</span>"
  }
}
