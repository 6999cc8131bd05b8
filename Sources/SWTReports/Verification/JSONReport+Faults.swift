internal import SWTTensorFiles
internal import SWTVerification

// The diagnosis of a fault, as JSON.

extension GoldenReport.Divergence {
  var json: JSONValue {
    [
      "block": .string(block), "layer": layer.map { .string($0) } ?? .null,
      "method": .string(method.rawValue), "rel_l2": .double(relL2), "before": .double(before),
      "also": .array(suspects.map { .string($0) }), "channels": .array(channels.map { .int($0) }),
    ]
  }
}

extension GoldenReport.BlockError {
  var json: JSONValue {
    [
      "name": .string(name), "free_running": freeRunning.map(\.json) ?? .null,
      "teacher_forced": teacherForced.map(\.json) ?? .null,
    ]
  }
}

extension GoldenReport.BlockError.Measure {
  var json: JSONValue {
    [
      "rel_l2": .double(relL2), "floor_rel_l2": .double(floorRelL2), "times_floor": .double(timesFloor),
      "bound": .double(bound), "verdict": .string(passes ? "pass" : "fail"),
    ]
  }
}

extension GoldenReport.LayerError {
  var json: JSONValue {
    [
      "name": .string(name), "rel_l2": .double(relL2), "bound": .double(bound),
      "verdict": .string(passes ? "pass" : "fail"),
    ]
  }
}

extension GoldenReport.NonFinite {
  var json: JSONValue {
    [
      "tensor": .string(tensor), "index": .int(index), "position": .array(position.map { .int($0) }),
      "value": .string(value),
    ]
  }
}

extension Cause {
  var json: JSONValue {
    [
      "id": .string(id), "text": .string(text), "side": .string(side.rawValue),
      "place": place.map { .string($0) } ?? .null,
      "rel_l2_before": .double(relL2Before), "rel_l2_after": .double(relL2After),
      "explains_to_times_floor": .double(explainsToTimesFloor), "confirmed": .bool(isConfirmed),
    ]
  }
}

extension MutationScore {
  var json: JSONValue {
    [
      "seed": .int(seed), "tried": .int(tried), "caught": .int(caught), "score": .double(score),
      "blind_layers": .array(blindLayers.map { .string($0) }),
      "layers": .array(
        layers.map { ["name": .string($0.name), "tried": .int($0.tried), "caught": .int($0.caught)] }),
      "goldens": .array(goldens.map { ["name": .string($0.name), "caught": .int($0.caught)] }),
    ]
  }
}

extension ErrorPicture {
  var json: JSONValue {
    [
      "elements": .int(elementCount), "exact": .int(exactCount), "non_finite": .int(nonFiniteCount),
      "histogram": [
        "from": histogram.first.map { .double($0.exponent) } ?? .null, "step": .double(Self.step),
        "counts": .array(histogram.map { .int($0.count) }),
      ],
      "top_labels": .array(
        labels.map { item in
          .array(
            item.map {
              ["label": .int($0.label), "expected": .double($0.expected), "actual": .double($0.actual)]
            })
        }),
      "worst": .array(
        worst.map {
          [
            "index": .int($0.index), "expected": .double($0.expected), "actual": .double($0.actual),
            "error_over_std": .double($0.error),
          ]
        }),
      "points": .array(points.map { [.double($0.expected), .double($0.error)] }),
    ]
  }
}
