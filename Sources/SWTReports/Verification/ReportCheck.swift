internal import SWTBytes
internal import SWTConsole
internal import SWTVerification

/// A check: a test case of JUnit, or a line of TAP.
struct ReportCheck {
  /// The golden; nil for the comparison with the source.
  let golden: String?
  /// `image-64/logits`, `image-64/weights`, `source`.
  let name: String
  let passes: Bool
  /// A sentence for people: the numbers, or the reason for the failure.
  let message: String
  /// Numbers for programs, in order.
  let properties: [(key: String, value: String)]

  /// - Parameters:
  ///   - golden: The golden; nil for the comparison with the source.
  ///   - name: What was checked.
  ///   - passes: The verdict.
  ///   - message: A sentence. Names in it come from files, so it is made printable.
  ///   - properties: Numbers for programs.
  init(
    golden: String?, name: String, passes: Bool, message: String, properties: [(key: String, value: String)]
  ) {
    self.golden = golden
    self.name = Text.printable(name)
    self.passes = passes
    self.message = Text.printable(message, limit: 2000)
    self.properties = properties
  }
}

extension VerificationReport {
  /// Comparisons of weights that belong to no golden: the records with the metadata, if they contradict, and the
  /// file with its source.
  var ownWeights: [(name: String, report: WeightsReport)] {
    [contradictions.map { ("metadata", $0) }, source.map { ("source", $0) }].compactMap(\.self)
  }

  /// All checks, in the order in which they were made.
  var checks: [ReportCheck] {
    var checks: [ReportCheck] = []
    for (name, weights) in ownWeights { checks.append(weights.check(named: name, golden: nil)) }
    for golden in goldens {
      if let weights = golden.weights {
        checks.append(weights.check(named: "\(golden.name)/weights", golden: golden.name))
      }
      checks += golden.comparisons.map { $0.check(golden.name) }
      checks += golden.agreements.map { $0.check(golden.name) }
    }
    return checks
  }
}

extension WeightsReport {
  fileprivate func check(named name: String, golden: String?) -> ReportCheck {
    ReportCheck(
      golden: golden, name: name, passes: passes, message: sentence,
      properties: [
        ("compared", "\(compared)"), ("claimed", "\(claimed)"), ("differing", "\(differing.count)"),
        ("missing", "\(missing.count)"), ("extra", "\(extra.count)"),
      ])
  }

  /// The result of the comparison, with the first few names.
  var sentence: String {
    guard !passes else {
      guard claimed > 0 else {
        let again = isConvertedAgain ? " converted again" : ""
        return "\(compared)/\(compared) tensors equal to \(against)\(again), bit for bit"
      }
      return
        "\(compared) of \(compared + claimed) tensors equal to \(against); \(claimed) claimed, not checked"
    }
    func count(_ names: [String], _ one: String, _ many: String) -> String {
      "\(names.count) \(names.count == 1 ? one : many) (\(Self.list(names)))"
    }
    var parts: [String] = []
    if !differing.isEmpty {
      let names = details.count >= differing.count ? Array(details.prefix(differing.count)) : differing
      parts.append(count(names, "tensor differs", "tensors differ"))
    }
    if !missing.isEmpty { parts.append(count(missing, "tensor is missing", "tensors are missing")) }
    if !extra.isEmpty { parts.append(count(extra, "tensor is not part of it", "tensors are not part of it")) }
    if !records.isEmpty { parts.append("\(Self.list(records)) \(records.count == 1 ? "differs" : "differ")") }
    return parts.joined(separator: ", ") + " against \(against)"
  }

  private static func list(_ names: [String]) -> String {
    names.prefix(6).joined(separator: "; ") + (names.count > 6 ? "; …" : "")
  }
}

extension GoldenReport.Comparison {
  fileprivate func check(_ golden: String) -> ReportCheck {
    ReportCheck(
      golden: golden, name: "\(golden)/\(name)", passes: passes, message: sentence,
      properties: [
        ("rel_l2", Text.exact(metrics.relL2)), ("max_over_std", Text.exact(metrics.maxOverStd)),
        ("floor_rel_l2", Text.exact(criterion.floorRelL2)), ("k", Text.exact(criterion.k)),
        ("times_floor", Text.exact(timesFloor)), ("calibrated", "\(criterion.isCalibrated)"),
      ])
  }

  /// `relL2 1.2e-06 is 0.9 floors (4.4e-07); 8 are allowed`, or the first non-finite element.
  var sentence: String {
    if let place = metrics.firstNonFinite { return "element \(place) is not finite" }
    var text = "relL2 \(Text.scientific(metrics.relL2)) is \(Text.times(timesFloor)) floors"
    text += " (\(Text.scientific(criterion.floorRelL2))); \(Text.times(criterion.k)) are allowed"
    if let labels, let wrong = labels.items.firstIndex(where: { $0.outcome == .differs }) {
      let item = labels.items[wrong]
      text += "; image \(wrong) has label \(item.actual), not \(item.expected)"
    }
    if let wrong = labels?.items.firstIndex(where: { $0.topFive == .differs }) {
      text += "; image \(wrong) has other top-5 labels"
    }
    return text
  }
}

extension StageAgreement {
  fileprivate func check(_ golden: String) -> ReportCheck {
    ReportCheck(
      golden: golden, name: "\(golden)/stage \(stage)", passes: passes,
      message: "differs from its emulation by \(Text.scientific(difference)); "
        + "\(Text.scientific(allowed)) is allowed",
      properties: [("difference", Text.exact(difference)), ("allowed", Text.exact(allowed))])
  }
}

extension Text {
  /// The shortest text that parses to the same value; `nan`, `inf`, `-inf`.
  static func exact(_ value: Double) -> String { value.description }

  /// A multiple of a floor: `0.9`, `84.2`, `3.6e+04`.
  static func times(_ value: Double) -> String {
    guard value >= 0.05 || value == 0 else { return "less than 0.1" }
    return value < 1000 ? fixed(value, value == value.rounded() && value >= 1 ? 0 : 1) : scientific(value)
  }
}
