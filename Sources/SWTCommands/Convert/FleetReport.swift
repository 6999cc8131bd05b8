internal import SWTBytes
internal import SWTConsole
internal import SWTConversion
internal import SWTTensorFiles

/// The report of several conversions.
enum FleetReport {
  /// A line for a finished input; nil for a failure, which is reported on standard error.
  static func line(_ item: FleetPlan.Item, _ outcome: Fleet.Outcome) -> String? {
    switch outcome {
    case .converted(let summary, let seconds):
      "\(item.output): \(summary.architecture ?? "state dict"), \(summary.tensorCount) tensors, "
        + "\(Text.bytes(summary.byteCount)), \(Text.fixed(seconds, 2)) s"
    case .upToDate: "\(item.output): up to date"
    case .failed: nil
    }
  }

  /// `300 inputs: 250 converted, 40 up to date, 10 failed; 2.1 GB in 3.2 s`.
  static func summary(_ fleet: Fleet, _ seconds: Double, passedOver: Int) -> String {
    let counts = Counts(fleet)
    let inputs = fleet.results.count == 1 ? "1 input" : "\(fleet.results.count) inputs"
    var text = "\(inputs): \(counts.converted) converted, \(counts.upToDate) up to date, "
    text += "\(counts.failed) failed; \(Text.bytes(counts.bytes)) in \(Text.fixed(seconds, 2)) s"
    if passedOver > 0 { text += "; \(passedOver) other \(passedOver == 1 ? "file" : "files") skipped" }
    return text
  }

  private struct Counts {
    var converted = 0
    var upToDate = 0
    var failed = 0
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
        }
      }
    }
  }

  /// `pth2swt.convert-fleet/1`: each input in order, and totals.
  static func document(_ fleet: Fleet, _ folder: String, _ seconds: Double, passedOver: Int) -> JSONValue {
    let counts = Counts(fleet)
    return [
      "schema": "pth2swt.convert-fleet/1", "output": .string(folder),
      "files": .array(fleet.results.map { member($0.item, $0.outcome) }),
      "summary": [
        "inputs": .int(fleet.results.count), "converted": .int(counts.converted),
        "up_to_date": .int(counts.upToDate), "failed": .int(counts.failed),
        "passed_over": .int(passedOver), "bytes_written": .int(counts.bytes), "seconds": .double(seconds),
        "exit": .int(fleet.status.rawValue),
      ],
    ]
  }

  private static func member(_ item: FleetPlan.Item, _ outcome: Fleet.Outcome) -> JSONValue {
    switch outcome {
    case .converted(let summary, let seconds), .upToDate(let summary, let seconds):
      let status = summary.wasUpToDate ? "up_to_date" : "converted"
      return .object(
        [JSONMember("status", .string(status))]
          + ConvertReport.members(summary, item.input, item.output, seconds))
    case .failed(let failure):
      return [
        "status": "failed", "input": .string(item.input), "output": .string(item.output),
        "error": failure.json,
      ]
    }
  }
}
