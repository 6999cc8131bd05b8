internal import SWTBytes
internal import SWTConsole
internal import SWTVerification

/// A fault, or something else that a reader has to know, as a sentence.
struct Finding {
  /// `non-finite`, `divergence`, `cause`, `engine`, `self-made`, `uncalibrated` …
  let kind: String
  let text: String
}

extension GoldenReport {
  /// Findings about this golden, most important first.
  var findings: [Finding] {
    var found: [Finding] = []
    func add(_ kind: String, _ text: String) { found.append(Finding(kind: kind, text: text)) }
    if let nonFinite {
      add("non-finite", nonFinite.sentence)
    } else if let place = firstNonFinite {
      add("non-finite", place)
    }
    if let divergence { add("divergence", divergence.sentence) }
    if !passes, divergence == nil, !blocks.isEmpty, let divergenceReason { add("place", divergenceReason) }
    for layer in layers where !layer.passes && layer.name != divergence?.layer {
      add("layer", layer.sentence)
    }
    for (number, cause) in causes.prefix(3).enumerated() {
      add(number == 0 ? "cause" : "also", cause.sentence)
      if let hint = cause.hint { add("hint", hint) }
    }
    if let remark { add("size", remark) }
    if let float32, let reduced {
      add(
        "precision",
        "float32 with the same weights has relL2 \(Text.scientific(float32.relL2)); "
          + "the rest is due to \(reduced.precision)")
      if let worst = agreements.max(by: { $0.difference * $1.allowed < $1.difference * $0.allowed }) {
        add(
          "emulation",
          "each stage is within \(Text.scientific(worst.difference)) of its emulation "
            + "(worst: \(worst.stage), where rounding alone costs \(Text.scientific(worst.cost)))")
      }
    }
    if let witness {
      add(
        "engine",
        blamesEngine
          ? "computed in float64 the difference falls to \(Text.scientific(witness.relL2)): "
            + "the model is right, pth2swt's kernels are wrong"
          : "computed in float64 the difference stays \(Text.scientific(witness.relL2)), "
            + "so it is not rounding: the two compute different functions")
    }
    if isTooLargeToInvestigate {
      add("too-large", "its input is too large to look for the place and the cause of the fault")
    }
    if isSelfMade { add("self-made", "made by pth2swt, so it does not prove a port correct") }
    if let loose = comparisons.first(where: { $0.criterion.isLoose }) {
      add(
        "loose",
        "\(loose.name) may differ by \(Text.scientific(loose.criterion.allowedRelL2)), more than the "
          + "\(Text.scientific(loose.criterion.ceiling)) that passes for its class: passing shows little")
    }
    if isUncalibrated {
      let floor = comparisons.first.map { ", \(Text.scientific($0.criterion.floorRelL2))," } ?? ""
      add("uncalibrated", "no noise floor of \(producer) is recorded; the default\(floor) is used")
    }
    return found
  }
}

extension GoldenReport {
  /// The first non-finite value of an output, for goldens that were not searched layer by layer.
  private var firstNonFinite: String? {
    for item in comparisons {
      guard let place = item.metrics.firstNonFinite else { continue }
      return "\(item.name): element \(place) is not finite"
    }
    return nil
  }
}

extension GoldenReport.Divergence {
  /// `first divergence in layer2.0, in layer2.0.conv2 (teacher-forced relL2 2.1e-01; before it at most
  /// 3.0e-07)`.
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
  /// `layer1.0: the first non-finite value is nan at [0, 3, 7, 2] (element 1234)`.
  var sentence: String {
    "\(tensor): the first non-finite value is \(value) at \(position) (element \(index))"
  }
}

extension Cause {
  /// `the reference has SAME padding …; accounting for that, the error falls from 1.9e-01 to 4.9e-06 (0.9
  /// floors)`.
  var sentence: String {
    var text = sentenceWithPlace
    // What a digest alone shows was not computed without it.
    guard relL2After > 0 || explainsToTimesFloor > 0, relL2After != relL2Before else { return text }
    text += isConfirmed ? "; accounting for that, " : "; that explains part of it: "
    text += "the error falls from \(Text.scientific(relL2Before)) to \(Text.scientific(relL2After))"
    return text + " (\(Text.times(explainsToTimesFloor)) floors)"
  }
}

extension Cause {
  /// The text, preceded by the place unless the text names it.
  var sentenceWithPlace: String {
    guard let place, text.split(separator: place, maxSplits: 1, omittingEmptySubsequences: false).count == 1
    else {
      return text
    }
    return "\(place): \(text)"
  }
}

extension MutationScore {
  /// `158 of 162 single-weight mutations would be detected (97.5 %); blind in conv1`.
  var sentence: String {
    var text =
      "\(caught) of \(tried) single-weight mutations would be detected (\(Text.fixed(100 * score, 1)) %)"
    if !blindLayers.isEmpty {
      text += "; blind in \(blindLayers.prefix(6).joined(separator: ", "))"
      if blindLayers.count > 6 { text += " and \(blindLayers.count - 6) more" }
    }
    return text
  }
}
