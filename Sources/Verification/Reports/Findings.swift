internal import SWTBytes

/// A fault that was found, or something that a reader has to know: one sentence.
struct Finding {
  /// `non-finite`, `divergence`, `cause`, `engine`, `self-made`, `uncalibrated` …
  let kind: String
  let text: String
}

extension GoldenReport {
  /// What there is to say about this golden besides its numbers, the most important first.
  var findings: [Finding] {
    var found: [Finding] = []
    func add(_ kind: String, _ text: String) { found.append(Finding(kind: kind, text: text)) }
    if let item = comparisons.first(where: { $0.metrics.firstNonFinite != nil }),
      let place = item.metrics.firstNonFinite
    {
      add("non-finite", "\(item.name): element \(place) is not finite")
    }
    if let divergence { add("divergence", divergence.sentence) }
    if let float32, let reduced {
      add(
        "precision",
        "with the same weights float32 has relL2 \(Text.scientific(float32.relL2)), \(reduced.precision) costs the rest"
      )
      if let worst = agreements.max(by: { $0.difference * $1.allowed < $1.difference * $0.allowed }) {
        add(
          "emulation",
          "stage by stage within \(Text.scientific(worst.difference)) of the emulation (\(worst.stage), where rounding "
            + "costs \(Text.scientific(worst.cost)))")
      }
    }
    if let witness {
      add(
        "engine",
        "the double-precision engine has relL2 \(Text.scientific(witness.relL2)): "
          + (blamesEngine ? "the model is right, our kernels are not" : "it is the model"))
    }
    if isSelfMade { add("self-made", "made by pth2swt itself, so it proves no port right") }
    if comparisons.first?.criterion.isCalibrated == false, reduced == nil {
      add(
        "uncalibrated",
        "the golden states no noise floor of its producer, so a usual one stands in (\(producer))")
    }
    return found
  }
}

extension GoldenReport.Divergence {
  /// `first divergence in layer2.0 (teacher-forced relL2 2.1e-01; before it at most 3.0e-07)`.
  var sentence: String {
    let place = layer.map { $0 == block ? block : "\(block), in \($0)" } ?? block
    return "first divergence in \(place) (\(method) relL2 \(Text.scientific(relL2)); "
      + "before it at most \(Text.scientific(before)))"
  }
}
