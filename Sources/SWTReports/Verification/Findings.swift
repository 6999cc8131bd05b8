internal import SWTBytes
internal import SWTConsole
internal import SWTVerification

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
    if let nonFinite {
      add("non-finite", nonFinite.sentence)
    } else if let place = firstNonFinite {
      add("non-finite", place)
    }
    if let divergence { add("divergence", divergence.sentence) }
    for layer in layers where !layer.passes && layer.name != divergence?.layer {
      add("layer", layer.sentence)
    }
    for (number, cause) in causes.prefix(3).enumerated() {
      add(number == 0 ? "cause" : "also", cause.sentence)
    }
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
    if isUncalibrated {
      add(
        "uncalibrated",
        "the golden states no noise floor of its producer, so a usual one stands in (\(producer))")
    }
    return found
  }
}

extension GoldenReport {
  /// For goldens whose first value that is no number was not looked for layer by layer.
  private var firstNonFinite: String? {
    for item in comparisons {
      guard let place = item.metrics.firstNonFinite else { continue }
      return "\(item.name): element \(place) is not finite"
    }
    return nil
  }
}

extension GoldenReport.Divergence {
  /// `first divergence in layer2.0, in layer2.0.conv2 (teacher-forced relL2 2.1e-01; before it at most 3.0e-07)`.
  var sentence: String {
    var text = "first divergence in \(block)"
    if let layer, layer != block { text += ", in \(layer)" }
    if !channels.isEmpty { text += ", channel\(channels.count > 1 ? "s" : "") \(Self.list(channels))" }
    if !suspects.isEmpty { text += ", or right before it in \(suspects.joined(separator: ", "))" }
    return text + " (\(method.rawValue) relL2 \(Text.scientific(relL2)); "
      + "before it at most \(Text.scientific(before)))"
  }

  private static func list(_ numbers: [Int]) -> String {
    numbers.prefix(6).map(String.init).joined(separator: ", ") + (numbers.count > 6 ? ", …" : "")
  }
}

extension GoldenReport.LayerError {
  var sentence: String { "\(name) is off by \(Text.scientific(relL2)), \(Text.scientific(bound)) allowed" }
}

extension GoldenReport.NonFinite {
  /// `layer1.0: the first value that is no number is nan at [0, 3, 7, 2] (element 1234)`.
  var sentence: String {
    "\(tensor): the first value that is no number is \(value) at \(position) (element \(index))"
  }
}

extension Cause {
  /// `SAME padding instead of padding 1: explains the error, relL2 1.9e-01 -> 4.9e-06 (0.9 floors)`.
  var sentence: String {
    var text = sentenceWithPlace
    guard relL2After > 0 || explainsToTimesFloor > 0 else { return text }
    text += isConfirmed ? ": explains the error, " : ": explains a part, "
    text += "relL2 \(Text.scientific(relL2Before)) -> \(Text.scientific(relL2After))"
    return text + " (\(Text.times(explainsToTimesFloor)) floors left)"
  }
}

extension Cause {
  /// The text, and the place where it does not name that itself.
  var sentenceWithPlace: String {
    guard let place, text.split(separator: place, maxSplits: 1, omittingEmptySubsequences: false).count == 1
    else {
      return text
    }
    return "\(place): \(text)"
  }
}

extension MutationScore {
  /// `158 of 162 single-weight mutations would be noticed (97.5 %); blind: conv1`.
  var sentence: String {
    var text =
      "\(caught) of \(tried) single-weight mutations would be noticed (\(Text.fixed(100 * score, 1)) %)"
    if !blindLayers.isEmpty {
      text += "; blind in \(blindLayers.prefix(6).joined(separator: ", "))"
      if blindLayers.count > 6 { text += " and \(blindLayers.count - 6) more" }
    }
    return text
  }
}
