package import SWTBytes
internal import SWTConsole
internal import SWTTensorFiles
package import SWTVerification

/// How errors have grown since an older report, which warns before they become failures.
///
/// An output that passes at 6 floors today but had 1 last week may fail soon.
package struct Drift: Sendable {
  /// One output or tap that both reports have.
  package struct Change: Sendable {
    /// The golden's name.
    package let golden: String
    /// `logits`, or the name of a tap.
    package let output: String
    /// Multiple of the floor in the older report.
    package let before: Double
    /// Multiple of the floor in this report.
    package let now: Double
    /// Whether the output passes now; if it does not, that is more than drift.
    package let passes: Bool

    /// Growth as a factor; infinite if there was no error before.
    package var growth: Double { now == before ? 1 : before > 0 ? now / before : .infinity }
    /// Whether the output passes and its error has grown by more than ``Drift/allowedGrowth``.
    package var isDrift: Bool { passes && growth > Drift.allowedGrowth }
  }

  /// Passing outputs whose error has grown by a larger factor give a warning.
  package static let allowedGrowth = 1.5

  /// The path of the older report.
  package let file: String
  /// Outputs that both reports have, in the order of this one.
  package let changes: [Change]
  /// Outputs of this report that the older one does not have.
  package let added: [String]
  /// Outputs of the older report that this one does not have.
  package let missing: [String]

  /// Outputs that have grown by more than ``allowedGrowth``, worst first.
  package var drifting: [Change] { changes.filter(\.isDrift).sorted { $0.growth > $1.growth } }
  /// The output that has grown the most.
  package var worst: Change? { changes.max { $0.growth < $1.growth } }

  /// Compares a report with an older one, written by `--format json`.
  ///
  /// - Parameters:
  ///   - report: The newer report.
  ///   - baseline: The bytes of the older report.
  ///   - file: The path of the older report, to show.
  /// - Throws: ``ParseFailure`` if `baseline` is not a report of verify.
  package init(
    _ report: VerificationReport, since baseline: [UInt8], file: String
  ) throws(ParseFailure) {
    let document = try JSONValue.parse(baseline)
    guard document["schema"]?.string == "pth2swt.\(report.command)/1",
      let goldens = document["goldens"]?.array
    else {
      throw ParseFailure(
        .invalid("not a report of \(report.command): its schema is not pth2swt.\(report.command)/1"),
        hint: "pth2swt \(report.command) writes one as its JSON report")
    }
    var before: [ExactString: Double] = [:]
    var names: [String] = []
    for golden in goldens {
      for output in golden["outputs"]?.array ?? [] {
        guard let set = golden["name"]?.string, let name = output["name"]?.string,
          let times = output["times_floor"]?.double
        else { throw ParseFailure(.invalid("an output has no name or times_floor")) }
        if before.updateValue(times, forKey: ExactString("\(set)/\(name)")) == nil {
          names.append("\(set)/\(name)")
        }
      }
    }
    var changes: [Change] = []
    var added: [String] = []
    var seen: Set<ExactString> = []
    for golden in report.goldens {
      for item in golden.comparisons {
        let name = "\(golden.name)/\(item.name)"
        seen.insert(ExactString(name))
        guard let old = before[ExactString(name)] else {
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
    missing = names.filter { !seen.contains(ExactString($0)) }
  }
}

extension Drift.Change {
  /// `the error of image-64/logits has grown 2.1 times, from 0.5 to 1.1 floors`
  var sentence: String {
    let growth = growth.isFinite ? "\(Text.times(growth)) times" : "from nothing"
    return "the error of \(golden)/\(output) has grown \(growth), "
      + "from \(Text.times(before)) to \(Text.times(now)) floors"
  }
}
