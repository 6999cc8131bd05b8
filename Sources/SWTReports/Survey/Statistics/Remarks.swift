internal import SWTBytes
internal import SWTConsole

extension TensorStatistics {
  /// Something about the values that somebody may want to look at.
  package struct Remark: Equatable, Sendable {
    /// The first are the most serious.
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
    /// Larger is worse, among those of one kind.
    package let weight: Double
  }

  /// In the order of their weight; empty where nothing is unusual.
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
      add(
        .outliers,
        "\(Text.grouped(outlierCount)) far outside, the farthest \(Text.scientific(worst.value)) at \(worst.index)",
        (worst.value - quartiles[1]).magnitude / (deviation > 0 ? deviation : 1))
    }
    return remarks
  }
}

extension ChannelFindings {
  /// `5 of 64 output channels next to nothing (3 zero)`.
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
    return "\(number) of \(Text.grouped(channelCount)) \(what) next to nothing\(zeros)"
  }
}
