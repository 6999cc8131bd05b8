internal import SWTTensorFiles
internal import SWTVerification

extension ReportDocument {
  /// The report for programs; `schema` has its version. VerifyReports.md describes it.
  var json: JSONValue {
    var members: [JSONMember] = (report.judgement.map { report.json($0) } ?? report.json).members ?? []
    func add(_ key: String, _ value: JSONValue) { members.append(JSONMember(key, value)) }
    if let drift { add("baseline", drift.json) }
    if !notes.isEmpty { add("notes", .array(notes.map { .string($0) })) }
    if let seconds { add("seconds", .double(seconds)) }
    add("version", .string(version))
    return .object(members)
  }
}

extension VerificationReport {
  var json: JSONValue {
    [
      "schema": "pth2swt.verify/1", "model": .string(model), "architecture": .string(architecture),
      "parameters": .int(parameterCount), "content_id": contentID.map { .string($0) } ?? .null,
      "engine": .string(engine), "compute": .string(compute),
      "verdict": .string(passes ? "pass" : "fail"), "class": .string(verdictClass.rawValue),
      "error_class": errorClass.map { .string($0) } ?? .null,
      "outside_proof": .bool(
        passes && goldens.contains { !$0.isSelfMade && !$0.isLoose && !$0.comparisons.isEmpty }),
      "stored": stored.map(\.json) ?? .null,
      "metadata": contradictions.map(\.json) ?? .null, "source": source.map(\.json) ?? .null,
      "goldens": .array(goldens.map(\.json)),
      "mutation": mutation.map(\.json) ?? .null,
    ]
  }
}

extension Drift {
  var json: JSONValue {
    [
      "file": .string(file), "allowed_growth": .double(Self.allowedGrowth),
      "drifting": .array(drifting.map { .string("\($0.golden)/\($0.output)") }),
      "changes": .array(
        changes.map { change in
          [
            "golden": .string(change.golden), "output": .string(change.output),
            "before": .double(change.before),
            "now": .double(change.now), "growth": .double(change.growth), "drift": .bool(change.isDrift),
          ]
        }),
      "added": .array(added.map { .string($0) }), "missing": .array(missing.map { .string($0) }),
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
      "against": .string(against), "compared": .int(compared), "claimed": .int(claimed),
      "differing": .array(differing.map { .string($0) }), "missing": .array(missing.map { .string($0) }),
      "extra": .array(extra.map { .string($0) }), "records": .array(records.map { .string($0) }),
      "details": .array(details.map { .string($0) }), "unproven": .array(unproven.map { .string($0) }),
      "verdict": .string(passes ? "pass" : "fail"),
    ]
  }
}

extension GoldenReport {
  var json: JSONValue {
    [
      "name": .string(name), "producer": .string(producer), "kind": .string(kind),
      "self_made": .bool(isSelfMade),
      "weights": weights.map(\.json) ?? .null, "outputs": .array(comparisons.map(\.json)),
      "first_divergence": divergence.map(\.json) ?? .null,
      "first_divergence_reason": divergenceReason.map { .string($0) } ?? .null,
      "blocks": .array(blocks.map(\.json)), "layers": .array(layers.map(\.json)),
      "non_finite": nonFinite.map(\.json) ?? .null,
      "double_engine_rel_l2": witness.map { .double($0.relL2) } ?? .null,
      "float32_rel_l2": float32.map { .double($0.relL2) } ?? .null,
      "stages": .array(agreements.map(\.json)), "blames_engine": .bool(blamesEngine),
      "reduced_precision": reduced.map(\.json) ?? .null, "uncalibrated": .bool(isUncalibrated),
      "loose": .bool(isLoose),
      "cause": cause.map(\.json) ?? .null, "causes": .array(causes.map(\.json)),
    ]
  }
}

extension GoldenReport.Comparison {
  var json: JSONValue {
    [
      "name": .string(name), "rel_l2": .double(metrics.relL2), "max_over_std": .double(metrics.maxOverStd),
      "max_abs": .double(metrics.maxAbs), "one_minus_cosine": .double(metrics.oneMinusCosine),
      "floor_rel_l2": .double(criterion.floorRelL2), "floor_max": .double(criterion.floorMax),
      "k": .double(criterion.k), "loose": .bool(criterion.isLoose),
      "calibrated": .bool(criterion.isCalibrated),
      "times_floor": .double(timesFloor), "bit_exact": .bool(isBitExact),
      "first_non_finite": metrics.firstNonFinite.map { .int($0) } ?? .null,
      "top1_expected": .array((labels?.items ?? []).map { .int($0.expected) }),
      "top1": .array((labels?.items ?? []).map { .int($0.actual) }),
      "margin": labels?.items.map(\.margin).min().map { .double($0) } ?? .null,
      "labels": .array((labels?.items ?? []).map { .string($0.outcome.rawValue) }),
      "labels_top5": .array((labels?.items ?? []).map { $0.topFive.map { .string($0.rawValue) } ?? .null }),
      "verdict": .string(passes ? "pass" : "fail"), "picture": picture.map(\.json) ?? .null,
    ]
  }
}
