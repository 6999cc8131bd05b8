internal import ResNetArchitecture
internal import SWTBytes
internal import SWTConsole
internal import SWTConversion
internal import SWTReports
internal import SWTTensorFiles

/// The report of several conversions.
enum FleetReport {
  /// Lines for a finished input: the result, and what a user should know about it; none for a failure, which
  /// is reported on standard error.
  static func lines(_ item: FleetPlan.Item, _ outcome: Fleet.Outcome) -> [String] {
    switch outcome {
    case .converted(let summary, let seconds):
      let result =
        "\(item.output): \(summary.architecture ?? "state dict"), \(summary.tensorCount) tensors, "
        + "\(Text.bytes(summary.byteCount)), \(Text.fixed(seconds, 2)) s"
      return [result] + remarks(summary).map { "  \($0)" }
    case .upToDate: return ["\(item.output): up to date"]
    case .planned(let summary):
      let what = "\(summary.architecture ?? "state dict"), \(summary.tensorCount) tensors"
      return ["\(item.output): would be converted from \(item.input): \(what)"]
        + remarks(summary).map { "  \($0)" }
    case .skipped(let reason): return ["\(item.input): skipped: \(reason)"]
    case .failed: return []
    }
  }

  /// Warnings, notes, and tensors that were left out, such as an unused classifier.
  static func remarks(_ summary: ConversionSummary) -> [String] {
    var remarks = summary.warnings.map { "warning: \($0)" }
    guard let reading = summary.reading else { return remarks }
    remarks += summary.noteLines.map { "note: \(Text.printable($0))" }
    remarks += reading.leftOut.prefix(3).map { "left out: \(Text.printable($0.0)): \($0.1)" }
    if reading.leftOut.count > 3 { remarks.append("left out: +\(reading.leftOut.count - 3) more") }
    return remarks
  }

  /// `300 inputs: 250 converted, 40 up to date, 10 failed; 2.1 GB in 3.2 s`.
  static func summary(_ fleet: Fleet, _ plan: FleetPlan, _ seconds: Double) -> String {
    let counts = Counts(fleet)
    let inputs = fleet.results.count == 1 ? "1 input" : "\(fleet.results.count) inputs"
    let done = counts.planned > 0 ? "\(counts.planned) would be converted" : "\(counts.converted) converted"
    var text = "\(inputs): \(done), \(counts.upToDate) up to date, \(counts.failed) failed"
    if counts.skipped > 0 { text += ", \(counts.skipped) of unknown networks skipped" }
    text += "; \(Text.bytes(counts.bytes)) in \(Text.fixed(seconds, 2)) s"
    let (others, excluded) = (plan.passedOver, plan.excludedCount)
    if others > 0 { text += "; \(others) other \(others == 1 ? "file" : "files") skipped" }
    if excluded > 0 { text += "; \(excluded) excluded" }
    return text
  }

  private struct Counts {
    var converted = 0
    var upToDate = 0
    var failed = 0
    var skipped = 0
    var planned = 0
    /// Total size of the outputs written.
    var bytes = 0

    init(_ fleet: Fleet) {
      for (_, outcome) in fleet.results {
        switch outcome {
        case .converted(let summary, _):
          converted += 1
          bytes += summary.byteCount
        case .upToDate: upToDate += 1
        case .failed: failed += 1
        case .skipped: skipped += 1
        case .planned: planned += 1
        }
      }
    }
  }

  /// `pth2swt.convert-fleet/1`: each input in order, and totals.
  static func document(_ fleet: Fleet, _ plan: FleetPlan, _ seconds: Double) -> JSONValue {
    let counts = Counts(fleet)
    return [
      "schema": "pth2swt.convert-fleet/1", "output": .string(plan.folder),
      "files": .array(fleet.results.map { member($0.item, $0.outcome) }),
      "summary": [
        "inputs": .int(fleet.results.count), "converted": .int(counts.converted),
        "up_to_date": .int(counts.upToDate), "failed": .int(counts.failed),
        "skipped": .int(counts.skipped), "planned": .int(counts.planned),
        "passed_over": .int(plan.passedOver), "excluded": .int(plan.excludedCount),
        "bytes_written": .int(counts.bytes), "seconds": .double(seconds),
        "exit": .int(plan.failures.reduce(fleet.status) { max($0, $1.status) }.rawValue),
      ],
    ]
  }

  private static func member(_ item: FleetPlan.Item, _ outcome: Fleet.Outcome) -> JSONValue {
    func members(_ status: String, _ summary: ConversionSummary, _ seconds: Double) -> JSONValue {
      .object(
        [JSONMember("status", .string(status))]
          + ConvertReport.members(summary, item.input, item.output, seconds))
    }
    switch outcome {
    case .converted(let summary, let seconds): return members("converted", summary, seconds)
    case .upToDate(let summary, let seconds): return members("up_to_date", summary, seconds)
    case .planned(let summary): return members("planned", summary, 0)
    case .skipped(let reason):
      return [
        "status": "skipped", "input": .string(item.input), "output": .string(item.output),
        "reason": .string(reason),
      ]
    case .failed(let failure):
      return [
        "status": "failed", "input": .string(item.input), "output": .string(item.output),
        "error": failure.json,
      ]
    }
  }

  /// The report for every format.
  static func report(_ fleet: Fleet, _ plan: FleetPlan, _ seconds: Double) -> FilesReport {
    var entries = fleet.results.map { item, outcome -> FilesReport.Entry in
      switch outcome {
      case .converted(let summary, _), .upToDate(let summary, _), .planned(let summary):
        let line = lines(item, outcome).first ?? ""
        var entry = FilesReport.Entry(item.input, .pass, line, code: 0)
        entry.remarks = summary.wasUpToDate ? [] : remarks(summary)
        return entry
      case .skipped(let reason): return FilesReport.Entry(item.input, .skipped, reason, code: 0)
      case .failed(let failure):
        return FilesReport.Entry(item.input, .fail, failure.line, code: Int(failure.status.rawValue))
      }
    }
    entries += plan.failures.map { failure in
      FilesReport.Entry(failure.file ?? "", .error, failure.line, code: Int(failure.status.rawValue))
    }
    let text = fleet.results.flatMap { lines($0.item, $0.outcome) } + [summary(fleet, plan, seconds)]
    return FilesReport(
      "convert", entries, text: text.joined(separator: "\n") + "\n", json: document(fleet, plan, seconds))
  }
}
