internal import SWTTensorFiles
internal import SWTVerification

extension VerificationReport {
  /// The report for programs; `schema` numbers its form.
  var json: JSONValue {
    [
      "schema": "pth2swt.verify/1", "model": .string(model), "architecture": .string(architecture),
      "content_id": contentID.map { .string($0) } ?? .null, "engine": .string(engine),
      "compute": .string(compute),
      "verdict": .string(passes ? "pass" : "fail"), "class": .string(verdictClass.rawValue),
      "error_class": errorClass.map { .string($0) } ?? .null,
      "stored": stored.map(\.json) ?? .null,
      "source": source.map(\.json) ?? .null, "goldens": .array(goldens.map(\.json)),
    ]
  }
}

extension StoredPrecision {
  var json: JSONValue {
    [
      "precision": .string(precision), "folded": .bool(isFolded), "expected_rel_l2": .double(expectedError),
      "worst_layer": layerErrors.max { ($0.value, $1.key) < ($1.value, $0.key) }.map {
        ["name": .string($0.key), "rel_l2": .double($0.value)]
      } ?? .null,
    ]
  }
}

extension ReducedPrecision {
  var json: JSONValue {
    [
      "stored": stored.map { .string($0.precision) } ?? .null, "precision": .string(precision),
      "basis": .string(basis.rawValue),
    ]
  }
}

extension StageAgreement {
  var json: JSONValue {
    [
      "name": .string(stage), "difference": .double(difference), "rounding": .double(cost),
      "allowed": .double(allowed), "verdict": .string(passes ? "pass" : "fail"),
    ]
  }
}

extension WeightsReport {
  var json: JSONValue {
    [
      "against": .string(against), "compared": .int(compared),
      "differing": .array(differing.map { .string($0) }), "missing": .array(missing.map { .string($0) }),
      "verdict": .string(passes ? "pass" : "fail"),
    ]
  }
}

extension GoldenReport {
  var json: JSONValue {
    [
      "name": .string(name), "producer": .string(producer), "self_made": .bool(isSelfMade),
      "weights": weights.map(\.json) ?? .null, "outputs": .array(comparisons.map(\.json)),
      "first_divergence": divergence.map { found in
        [
          "block": .string(found.block), "layer": found.layer.map { .string($0) } ?? .null,
          "method": .string(found.method.rawValue), "rel_l2": .double(found.relL2),
          "before": .double(found.before),
        ]
      } ?? .null,
      "double_engine_rel_l2": witness.map { .double($0.relL2) } ?? .null,
      "float32_rel_l2": float32.map { .double($0.relL2) } ?? .null,
      "stages": .array(agreements.map(\.json)), "blames_engine": .bool(blamesEngine),
      "reduced_precision": reduced.map(\.json) ?? .null, "cause": .null,
    ]
  }
}

extension GoldenReport.Comparison {
  var json: JSONValue {
    [
      "name": .string(name), "rel_l2": .double(metrics.relL2), "max_over_std": .double(metrics.maxOverStd),
      "max_abs": .double(metrics.maxAbs), "one_minus_cosine": .double(metrics.oneMinusCosine),
      "floor_rel_l2": .double(criterion.floorRelL2), "floor_max": .double(criterion.floorMax),
      "k": .double(criterion.k), "calibrated": .bool(criterion.isCalibrated),
      "times_floor": .double(timesFloor), "bit_exact": .bool(isBitExact),
      "first_non_finite": metrics.firstNonFinite.map { .int($0) } ?? .null,
      "top1_expected": .array((labels?.items ?? []).map { .int($0.expected) }),
      "top1": .array((labels?.items ?? []).map { .int($0.actual) }),
      "margin": labels?.items.map(\.margin).min().map { .double($0) } ?? .null,
      "labels": .array((labels?.items ?? []).map { .string($0.outcome.rawValue) }),
      "verdict": .string(passes ? "pass" : "fail"),
    ]
  }
}
