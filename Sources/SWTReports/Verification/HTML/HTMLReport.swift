internal import SWTBytes
internal import SWTConsole
internal import SWTTensorFiles
internal import SWTVerification

/// A self-contained HTML file without scripts, fonts or network access; it has every number as JSON, too.
///
/// Each figure has a title, a description and, if the numbers matter, a table. The page supports light and
/// dark mode and printing, and color alone never carries meaning.
enum HTMLReport {
  static func text(_ document: ReportDocument) -> String {
    let report = document.report
    var body = HTMLHeader.text(document)
    if report.goldens.contains(where: { !$0.comparisons.isEmpty }) { body += HTMLGoldenTable.text(report) }
    for (number, golden) in report.goldens.enumerated() where !golden.comparisons.isEmpty {
      body += HTMLGoldenSection.text(golden, number: number, isOnly: report.goldens.count == 1)
    }
    if let mutation = report.mutation { body += MutationFigure.section(mutation) }
    if let drift = document.drift { body += HTMLDrift.section(drift) }
    body += footer(document)
    return HTMLPage.text(
      title: "\(report.passes ? "Pass" : "Fail"): \(HTMLText.name(report.model))", body: body,
      data: document.json.text())
  }

  static func text(_ failure: ReportFailure) -> String {
    let name = HTMLText.name(failure.model)
    let body = """
      <header class="verdict failed">
      <p class="eyebrow">pth2swt verify</p>
      <h1>\(XMLText.escaped(name))</h1>
      <p class="stamp">\(HTMLText.cross)<strong>Not verified</strong><span>exit \(failure.code)</span></p>
      <p class="lead">\(XMLText.escaped(failure.message))</p>
      </header>

      """
    let data: JSONValue = [
      "schema": "pth2swt.error/1", "code": .int(failure.code), "message": .string(failure.message),
    ]
    return HTMLPage.text(title: "Not verified: \(name)", body: body, data: data.text())
  }

  private static func footer(_ document: ReportDocument) -> String {
    let whose = document.report.judgement == nil ? "this model's" : "the engine's"
    let time = document.seconds.map { ", in \(Text.fixed($0, 2)) seconds" } ?? ""
    return """
      <footer>
      <p><b>relL2</b> is ‖y − r‖ / ‖r‖, where y is \(whose) output and r the reference in double
      precision. A <b>floor</b> is the largest error of correct float32 runs of the reference's own program;
      correct implementations have about one floor, a single damaged weight usually causes a hundred.
      All numbers are in this page as JSON, in the element <code>#report</code>.</p>
      <p>pth2swt \(XMLText.escaped(document.version))\(time)</p>
      </footer>

      """
  }
}
