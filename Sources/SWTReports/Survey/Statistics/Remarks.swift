internal import SWTBytes
internal import SWTConsole

extension TensorStatistics {
  /// Something unusual about the values.
  package struct Remark: Equatable, Sendable {
    /// In order of decreasing severity.
    package enum Kind: String, CaseIterable, Comparable, Sendable {
      case nonFinite = "non-finite"
      case deadChannels = "dead-channels"
      case outliers

      package static func < (a: Self, b: Self) -> Bool {
        allCases.firstIndex(of: a) ?? 0 < allCases.firstIndex(of: b) ?? 0
      }
    }

    package let kind: Kind
    package let text: String
    /// Severity within a kind; larger is worse.
    package let weight: Double
  }

  /// Remarks in order of decreasing severity; empty if nothing is unusual.
  package var remarks: [Remark] {
    var remarks: [Remark] = []
    func add(_ kind: Remark.Kind, _ text: String, _ weight: Double) {
      remarks.append(Remark(kind: kind, text: text, weight: weight))
    }
    let broken =
      (firstNaN.map { ["\(Text.grouped(nans)) NaN, the first at \($0)"] } ?? [])
      + (firstInfinity.map { ["\(Text.grouped(infinities)) infinite, the first at \($0)"] } ?? [])
    if !broken.isEmpty { add(.nonFinite, broken.joined(separator: "; "), Double(nans + infinities)) }
    if let channels, !channels.dead.isEmpty {
      add(.deadChannels, channels.sentence, Double(channels.dead.count) / Double(channels.channelCount))
    }
    if outlierCount > 0, let worst = outliers.first {
      let farthest = "\(Text.scientific(worst.value)) at \(worst.index)"
      let noun = outlierCount == 1 ? "outlier" : "outliers"
      add(
        .outliers, "\(Text.grouped(outlierCount)) \(noun), the farthest \(farthest)",
        (worst.value - quartiles[1]).magnitude / (deviation > 0 ? deviation : 1))
    }
    return remarks
  }
}

extension ChannelFindings {
  /// `5 of 64 output channels nearly zero (3 zero)`.
  package var sentence: String {
    let what =
      switch rule {
      case .filter: "output channels"
      case .normWeight: "BatchNorm weights"
      case .runningVariance: "running variances"
      }
    let number = dead.count == channelCount ? "all" : Text.grouped(dead.count)
    let zeros =
      zeroCount == 0 ? "" : zeroCount == dead.count ? " (zero)" : " (\(Text.grouped(zeroCount)) zero)"
    return "\(number) of \(Text.grouped(channelCount)) \(what) nearly zero\(zeros)"
  }
}
