package import SWTBytes
internal import SWTConsole
internal import SWTTensorFiles
package import SWTVerification

/// How errors have grown since an older report: a warning before it is a failure.
///
/// An output that passes at 6 floors where it had 1 last week is right today and on its way to be wrong.
package struct Drift: Sendable {
  /// One output or tap that both reports have.
  package struct Change: Sendable {
    /// The golden's name.
    package let golden: String
    /// `logits`, or the name of a tap.
    package let output: String
    /// Times floor, then and now.
    package let before: Double
    /// Times floor in this report.
    package let now: Double
    /// False when the output fails now: that is more than drift.
    package let passes: Bool

    /// Infinite when there was no error at all before.
    package var growth: Double { now == before ? 1 : before > 0 ? now / before : .infinity }
    /// Whether it passes and has grown by more than is allowed.
    package var isDrift: Bool { passes && growth > Drift.allowedGrowth }
  }

  /// A passing output that has grown by more is a warning.
  package static let allowedGrowth = 1.5

  /// The older report's file.
  package let file: String
  /// Outputs that both reports have, in the order of this one.
  package let changes: [Change]
  /// Outputs of this report that the older one does not have.
  package let added: [String]
  /// Outputs of the older report that this one does not have.
  package let missing: [String]

  /// Those that have grown by more than is allowed, the worst first.
  package var drifting: [Change] { changes.filter(\.isDrift).sorted { $0.growth > $1.growth } }
  /// The output that has grown most.
  package var worst: Change? { changes.max { $0.growth < $1.growth } }

  /// Compares with the `--format json` of an older run.
  ///
  /// - Parameters:
  ///   - report: The newer verification.
  ///   - baseline: The older report's bytes.
  ///   - file: Its name, for the report.
  /// - Throws: ``ParseFailure`` when that is no report of a verification.
  package init(
    _ report: VerificationReport, since baseline: [UInt8], file: String
  ) throws(ParseFailure) {
    let document = try JSONValue.parse(baseline)
    guard document["schema"]?.string == "pth2swt.verify/1", let goldens = document["goldens"]?.array else {
      throw ParseFailure(
        .invalid("no report of verify: its schema is not pth2swt.verify/1"),
        hint: "pth2swt verify --format json=FILE writes one")
    }
    var before: [String: Double] = [:]
    var names: [String] = []
    for golden in goldens {
      for output in golden["outputs"]?.array ?? [] {
        guard let set = golden["name"]?.string, let name = output["name"]?.string,
          let times = output["times_floor"]?.double
        else { throw ParseFailure(.invalid("an output without name or times_floor")) }
        if before.updateValue(times, forKey: "\(set)/\(name)") == nil { names.append("\(set)/\(name)") }
      }
    }
    var changes: [Change] = []
    var added: [String] = []
    var seen: Set<String> = []
    for golden in report.goldens {
      for item in golden.comparisons {
        let name = "\(golden.name)/\(item.name)"
        seen.insert(name)
        guard let old = before[name] else {
          added.append(name)
          continue
        }
        changes.append(
          Change(
            golden: golden.name, output: item.name, before: old, now: item.timesFloor, passes: item.passes))
      }
    }
    self.file = file
    self.changes = changes
    self.added = added
    missing = names.filter { !seen.contains($0) }
  }
}

extension Drift.Change {
  /// `image-64/logits has grown 2.1 times, from 0.5 to 1.1 floors`.
  var sentence: String {
    let growth = growth.isFinite ? "\(Text.times(growth)) times" : "from nothing"
    return "\(golden)/\(output) has grown \(growth), from \(Text.times(before)) to \(Text.times(now)) floors"
  }
}
