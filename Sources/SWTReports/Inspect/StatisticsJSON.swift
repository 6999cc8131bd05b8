package import SWTTensorFiles

extension TensorStatistics {
  /// Maximum number of dead channels that are listed by index.
  private static let channelLimit = 256

  package var json: JSONValue {
    [
      "min": .double(minimum), "max": .double(maximum), "mean": .double(mean), "std": .double(deviation),
      "quartiles": .array(quartiles.map { .double($0) }), "zeros": .int(zeros), "nan": .int(nans),
      "inf": .int(infinities), "first_nan": firstNaN.map { .int($0) } ?? .null,
      "first_inf": firstInfinity.map { .int($0) } ?? .null,
      "histogram": histogram.map { histogram in
        [
          "low": .double(histogram.low), "high": .double(histogram.high),
          "counts": .array(histogram.counts.map { .int($0) }), "below": .int(histogram.below),
          "above": .int(histogram.above),
        ]
      } ?? .null,
      "outliers": [
        "count": .int(outlierCount),
        "farthest": .array(outliers.map { ["index": .int($0.index), "value": .double($0.value)] }),
      ],
      "channels": channels.map { channels in
        [
          "rule": .string(channels.rule.name), "count": .int(channels.channelCount),
          "dead_count": .int(channels.dead.count), "zero_count": .int(channels.zeroCount),
          "dead": .array(channels.dead.prefix(Self.channelLimit).map { .int($0) }),
        ]
      } ?? .null,
    ]
  }
}

extension ChannelFindings.Rule {
  /// The name in JSON.
  package var name: String {
    switch self {
    case .filter: "filter"
    case .normWeight: "norm-weight"
    case .runningVariance: "running-variance"
    }
  }
}
