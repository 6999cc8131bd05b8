internal import SWTBytes
internal import SWTConsole
internal import SWTVerification

/// The top of the page: the verdict, the most important sentence, and what was verified.
enum HTMLHeader {
  static func text(_ document: ReportDocument) -> String {
    let report = document.report
    let size = report.judgement?.basis == .size ? ", by the size of the error alone" : nil
    let kind = report.errorClass.map { ": \($0)" } ?? size ?? ""
    let word = report.passes ? "Pass" : "Fail"
    var html = "<header class=\"verdict\(report.passes ? "" : " failed")\">\n"
    html += "<p class=\"eyebrow\">pth2swt \(report.command)</p>\n"
    html += "<h1>\(XMLText.escaped(HTMLText.name(report.model)))</h1>\n"
    html += "<p class=\"stamp\">\(HTMLText.mark(report.passes))<strong>\(word)</strong>"
    let accuracy = report.judgement?.accuracy ?? className(report.verdictClass)
    html += "<span>\(XMLText.escaped(accuracy + kind))</span></p>\n"
    let (lead, detail) = summary(report)
    html += "<p class=\"lead\">\(HTMLText.prose(asSentence(lead)))</p>\n"
    if let detail { html += "<p class=\"detail\">\(HTMLText.prose(detail))</p>\n" }
    for note in document.notes { html += "<p class=\"detail\">\(XMLText.escaped(asSentence(note)))</p>\n" }
    return html + identity(report) + "</header>\n"
  }

  /// With a capital letter, unless it begins with a file's or layer's name.
  private static func asSentence(_ text: String) -> String {
    text.hasPrefix("the ") || text.hasPrefix("no ") ? HTMLText.capitalized(text) : text
  }

  private static func className(_ value: VerificationReport.Class) -> String {
    switch value {
    case .bitExact: "bit-exact"
    case .fp32: "float32 numerics"
    case .reducedPrecision: "reduced precision"
    case .loose: "within loose bounds"
    case .selfMade: "unchanged, but compared only with itself"
    case .weights: "weights alone"
    case .wrong: "wrong result"
    }
  }

  /// The most important sentence, and its details.
  private static func summary(_ report: VerificationReport) -> (String, String?) {
    if let judgement = report.judgement, report.passes || judgement.modelAgrees == false {
      return (judgement.sentence(passes: report.passes), nil)
    }
    guard report.passes else { return fault(report) }
    let all = report.goldens.flatMap { golden in golden.comparisons.map { (golden, $0) } }
    guard let (golden, worst) = all.max(by: { $0.1.timesFloor < $1.1.timesFloor }) else {
      return ("The weights are correct; no forward pass was run.", nil)
    }
    let most =
      "The largest error, of \(worst.name) in \(golden.name), is \(HTMLText.times(worst.timesFloor)) floors; "
      + "\(Text.times(worst.criterion.k)) are allowed."
    switch report.verdictClass {
    case .bitExact: return ("Every output equals the reference, bit for bit.", most)
    case .selfMade:
      return (
        "Nothing has changed since pth2swt made these goldens, which does not prove a port correct.", most
      )
    case .loose:
      return (
        "Every output is within bounds, but they allow more than float32 noise, so passing shows little.",
        most
      )
    case .reducedPrecision: return ("Every output is as accurate as the reduced precision allows.", most)
    case .fp32, .weights, .wrong:
      let isCalibrated = !report.goldens.contains { $0.isUncalibrated }
      return (
        isCalibrated
          ? "Every output is within the reference's own float32 noise."
          : "Every output is within bounds; not every golden records a noise floor.", most
      )
    }
  }

  private static func fault(_ report: VerificationReport) -> (String, String?) {
    for golden in report.goldens where !golden.passes {
      if let nonFinite = golden.nonFinite { return (nonFinite.sentence, "In \(golden.name).") }
      if let cause = golden.cause {
        let text = cause.sentenceWithPlace
        let isName = cause.place.map { text.hasPrefix($0) } ?? false
        let effect =
          cause.isConfirmed && cause.relL2After > 0
          ? "Accounting for that, relL2 falls from \(Text.scientific(cause.relL2Before)) to "
            + "\(Text.scientific(cause.relL2After)) (\(Text.times(cause.explainsToTimesFloor)) floors). " : ""
        let place = golden.divergence.map { "In \(golden.name), \($0.sentence)." } ?? ""
        return (
          (isName ? text : HTMLText.capitalized(text)) + ".",
          (effect + place).isEmpty ? nil : effect + place
        )
      }
      if golden.blamesEngine {
        return ("The model is right; a kernel of pth2swt is wrong. Please report this.", nil)
      }
    }
    if let weights = (report.ownWeights.map(\.report) + report.goldens.compactMap(\.weights)).first(where: {
      !$0.passes
    }) {
      let place = report.goldens.first { !$0.passes }.flatMap { golden in
        golden.divergence.map { "In \(golden.name), \($0.sentence)." }
      }
      return (
        weights.sentence,
        place ?? "Nevertheless, every output is correct."
      )
    }
    guard let golden = report.goldens.first(where: { !$0.passes }) else {
      return ("Verification failed.", nil)
    }
    if let divergence = golden.divergence {
      return ("\(golden.name): \(divergence.sentence)", golden.comparisons.first?.sentence)
    }
    return (
      golden.comparisons.first { !$0.passes }.map { "\(golden.name), \($0.name): \($0.sentence)" }
        ?? "\(golden.name) fails.", nil
    )
  }

  private static func identity(_ report: VerificationReport) -> String {
    var html = "<dl>\n"
    func item(_ key: String, _ value: String, wide: Bool = false) {
      html += "<div\(wide ? " class=\"wide\"" : "")><dt>\(key)</dt><dd>\(value)</dd></div>\n"
    }
    item("Network", XMLText.escaped(report.architecture))
    item("Parameters", Text.grouped(report.parameterCount))
    item(report.judgement == nil ? "Computed in" : "Engine", XMLText.escaped(report.engine))
    let good = report.goldens.count(where: \.isGood)
    if !report.goldens.isEmpty { item("Goldens", "\(good) of \(report.goldens.count) pass") }
    if let source = report.source {
      item(
        "Against the source", HTMLText.verdict(source.passes, source.passes ? "all weights equal" : "differs")
      )
    }
    let recorded = report.goldens.compactMap(\.weights)
    if !recorded.isEmpty {
      let same = recorded.allSatisfy(\.passes)
      let claimed = recorded.map(\.claimed).max() ?? 0
      let equal = claimed == 0 ? "all weights equal" : "\(claimed) claimed, not checked"
      item("Against recorded digests", HTMLText.verdict(same, same ? equal : "differ"))
    }
    if let stored = report.stored, stored.isReduced || stored.isFolded {
      item("Stored as", stored.precision + (stored.isFolded ? ", BatchNorm folded" : ""))
    }
    if let id = report.contentID { item("Content", "<code>\(XMLText.escaped(id))</code>", wide: true) }
    if report.model.contains("/") {
      item("File", "<code>\(XMLText.escaped(report.model))</code>", wide: true)
    }
    return html + "</dl>\n"
  }
}
