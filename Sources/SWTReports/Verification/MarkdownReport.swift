internal import SWTBytes
internal import SWTConsole
internal import SWTVerification

/// Markdown for a pull request or a step's summary: the verdict, a table, and collapsed tables of layers.
enum MarkdownReport {
  static func text(_ document: ReportDocument) -> String {
    let report = document.report
    let passes = report.passes
    var text = "### \(passes ? "✅" : "❌") \(code(report.model)): "
    text += "\(passes ? "pass" : "fail") (\(report.className))\n\n"
    text += "\(plain(report.architecture)), \(Text.grouped(report.parameterCount)) parameters, "
    text += "engine \(plain(report.engine))"
    if let kind = report.errorClass { text += "; \(plain(kind))" }
    if let id = report.contentID { text += "; content \(code(id))" }
    text += "\n\n" + table(report)
    for (name, weights) in report.ownWeights { text += "- **\(name)** \(plain(weights.sentence))\n" }
    for golden in report.goldens {
      if let weights = golden.weights, !weights.passes {
        text += "- **\(plain(golden.name))** \(plain(weights.sentence))\n"
      }
      for finding in golden.findings {
        text += "- **\(plain(golden.name))** \(finding.kind): \(plain(finding.text))\n"
      }
    }
    if let mutation = report.mutation { text += "- **mutation score** \(plain(mutation.sentence))\n" }
    for change in document.drift?.drifting ?? [] { text += "- ⚠️ **drift** \(plain(change.sentence))\n" }
    for note in document.notes { text += "- \(plain(note))\n" }
    for golden in report.goldens where golden.comparisons.count > 1 { text += layers(golden) }
    return text
  }

  static func text(_ failure: ReportFailure) -> String {
    "### ❌ \(code(failure.model)): not verified\n\n\(plain(failure.message)) (exit \(failure.code))\n"
  }

  private static func table(_ report: VerificationReport) -> String {
    let rows = report.goldens.compactMap { golden in golden.comparisons.first.map { (golden, $0) } }
    guard !rows.isEmpty else { return "" }
    var text =
      "| golden | output | relL2 | floor | × floor | top-1 | verdict |\n|---|---|--:|--:|--:|---|---|\n"
    for (golden, item) in rows {
      let labels = item.labels.map(\.short) ?? "–"
      let cells = [
        plain(golden.name), plain(item.name), Text.scientific(item.metrics.relL2),
        Text.scientific(item.criterion.floorRelL2), Text.times(item.timesFloor), labels,
        golden.isGood ? "pass" : "**FAIL**",
      ]
      text += "| \(cells.joined(separator: " | ")) |\n"
    }
    return text + "\n"
  }

  private static func layers(_ golden: GoldenReport) -> String {
    let taps = golden.comparisons.dropFirst()
    let failing = taps.count { !$0.passes }
    var text = "\n<details><summary>\(summary(golden.name)): \(taps.count) layers, "
    text += "\(failing == 0 ? "all within bounds" : "\(failing) out of bounds")</summary>\n\n"
    text += "| layer | relL2 | floor | × floor | verdict |\n|---|--:|--:|--:|---|\n"
    for tap in taps {
      text += "| \(plain(tap.name)) | \(Text.scientific(tap.metrics.relL2)) | "
      text += "\(Text.scientific(tap.criterion.floorRelL2)) | \(Text.times(tap.timesFloor)) | "
      text += "\(tap.passes ? "pass" : "**FAIL**") |\n"
    }
    return text + "\n</details>\n"
  }

  /// Text with the special characters of Markdown and HTML escaped.
  static func plain(_ text: String) -> String {
    var result = ""
    for scalar in Text.printable(text).unicodeScalars {
      switch scalar {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\\", "`", "*", "[", "]", "|", "~", "#", "!": result += "\\\(scalar)"
      // A comment ends a word: no notification, and no link, which GitHub makes of bare addresses.
      case "@": result += "\\@<!-- -->"
      case "/" where result.hasSuffix(":"): result += "<!-- -->/"
      case "." where result.lowercased().hasSuffix("www"): result += "<!-- -->."
      // Except between letters, an underscore would start emphasis.
      case "_": result += "\\_"
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }

  /// Text in an HTML element, where Markdown does not apply, but GitHub still makes notifications and links.
  private static func summary(_ text: String) -> String {
    var result = ""
    for scalar in XMLText.escaped(Text.printable(text)).unicodeScalars {
      switch scalar {
      case "@": result += "@<!-- -->"
      case "/" where result.hasSuffix(":"): result += "<!-- -->/"
      case "." where result.lowercased().hasSuffix("www"): result += "<!-- -->."
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }

  static func code(_ text: String) -> String {
    let clean = String(Text.printable(text).map { $0 == "`" ? "'" : $0 == "|" ? "¦" : $0 })
    return "`\(clean)`"
  }
}

extension LabelRule {
  /// `207=207 31≠7`, at most three images.
  var short: String {
    items.prefix(3).map { "\($0.expected)\($0.expected == $0.actual ? "=" : "≠")\($0.actual)" }
      .joined(separator: " ") + (items.count > 3 ? " …" : "")
  }
}
