internal import SWTBytes
package import SWTConsole
package import SWTTensorFiles
internal import SWTVerification

/// The result of `diff`, which can be printed in any format.
package struct DiffReport {
  package typealias Pair = FileDifference.Pair

  package let difference: FileDifference
  package let paths: [String]

  package init(difference: FileDifference, paths: [String]) {
    (self.difference, self.paths) = (difference, paths)
  }

  package func count(_ verdict: Pair.Verdict) -> Int { difference.pairs.count { $0.verdict == verdict } }

  /// Pairs that differ in shape or values, worst first; then those of equal values and different types.
  package var byWeight: [Int] {
    func rank(_ pair: Pair) -> (Int, Double) {
      switch pair.verdict {
      case .shape: (0, 0)
      case .values: (1, -(pair.relL2.map { $0.isNaN ? .infinity : $0 } ?? .infinity))
      case .equal: (2, 0)
      case .identical: (3, 0)
      }
    }
    let pairs = difference.pairs
    return pairs.indices.filter { pairs[$0].verdict != .identical }.sorted { a, b in
      let (x, y) = (rank(pairs[a]), rank(pairs[b]))
      return x == y ? a < b : x < y
    }
  }

  package var json: JSONValue {
    [
      "schema": "pth2swt.diff/1", "files": .array(paths.map { .string($0) }),
      "verdict": .string(difference.isEmpty ? "same" : "different"),
      "counts": [
        "identical": .int(count(.identical)), "equal": .int(count(.equal)), "values": .int(count(.values)),
        "shape": .int(count(.shape)), "missing": .int(difference.onlyInFirst.count),
        "extra": .int(difference.onlyInSecond.count),
      ],
      "missing": .array(difference.missing.map { .string($0) }),
      "extra": .array(difference.extra.map { .string($0) }),
      "goldens_left_out": .array(difference.goldensLeftOut.map { .int($0) }),
      "scales_left_out": .array(difference.scalesLeftOut.map { .int($0) }),
      "quantized_engines": .array(difference.quantizedEngines.map { $0.map { .string($0) } ?? .null }),
      "translated": .array(difference.translated.map { .string(paths[$0]) }),
      "tensors": .array(difference.pairs.map(\.json)),
    ]
  }

  /// For people: a table of the differences, then a summary.
  package func text(_ console: Console, listsAll: Bool) -> String {
    let style = TerminalStyle(isColorful: console.isColorful)
    let names = paths.map { Text.printable($0) }
    var text = ""
    for side in difference.translated { text += "\(names[side]): compared under torchvision's names\n" }
    for (side, what) in leftOut {
      text += "\(names[side]): its \(what) are not compared; \(names[1 - side]) has none\n"
    }
    if let engines { text += engines + "\n" }
    let shown = difference.pairs.filter { listsAll || $0.verdict == .values || $0.verdict == .shape }
    if !shown.isEmpty {
      let rows =
        [["tensor", "", ">differing", ">max error", ">relL2", ">bits", ">worst at"]] + shown.map(\.row)
      text += Text.table(rows)
    }
    for (lone, what) in [
      (difference.missing, "only in \(names[0])"), (difference.extra, "only in \(names[1])"),
    ]
    where !lone.isEmpty {
      let list = lone.prefix(8).map { Text.fitted($0, 80) }.joined(separator: ", ")
      text += "\(what): \(list)\(lone.count > 8 ? ", +\(lone.count - 8) more" : "")\n"
    }
    text += (difference.isEmpty ? style.bold("same") : style.warning("different")) + ": \(sentence)\n"
    return text
  }

  /// What only one file has and is not compared, with the file's index: `golden tests (9 tensors)`.
  package var leftOut: [(side: Int, what: String)] {
    let kinds = [
      ("golden tests", difference.goldensLeftOut), ("scales and zero points", difference.scalesLeftOut),
    ]
    return kinds.flatMap { what, counts in
      counts.enumerated().filter { $0.element > 0 }.map { side, count in
        (side, "\(what) (\(Text.grouped(count)) tensors)")
      }
    }
  }

  /// The engines of two quantized networks, if they state different ones: the same integers then give different
  /// results.
  package var engines: String? {
    let names = difference.quantizedEngines
    guard names[0] != names[1] else { return nil }
    let stated = names.map { $0.map { Text.fitted($0, 40) } ?? "none" }
    return "quantized engine: \(stated[0]) → \(stated[1]), which round differently"
  }

  /// `320 tensors in both: 318 identical, 2 differ in values, 0 in shape`
  package var sentence: String {
    func number(_ verdict: Pair.Verdict) -> String { Text.grouped(count(verdict)) }
    let equal = count(.equal) > 0 ? ", \(number(.equal)) equal in another type" : ""
    return "\(Text.grouped(difference.pairs.count)) tensors in both: \(number(.identical)) identical\(equal)"
      + ", \(number(.values)) differ in values, \(number(.shape)) in shape"
  }
}

extension FileDifference.Pair {
  package var json: JSONValue {
    [
      "name": .string(name), "verdict": .string(verdict.rawValue),
      "dtypes": .array(dtypes.map { .string($0) }),
      "shapes": .array(shapes.map { .array($0.map { .int($0) }) }),
      "elements": .int(elements), "differing": .int(differing),
      "max_error": maxError.map { .double($0) } ?? .null, "rel_l2": relL2.map { .double($0) } ?? .null,
      "worst": worst.map { .int($0) } ?? .null, "bits_differing": bits.map { .int($0) } ?? .null,
      "not_finite": .int(notFinite),
      "histogram": .array(histogram.map { ["exponent2": .int($0.exponent), "count": .int($0.count)] }),
    ]
  }

  /// `float32`, or `float32 → float16`.
  package var types: String { dtypes[0] == dtypes[1] ? dtypes[0] : "\(dtypes[0]) → \(dtypes[1])" }

  fileprivate var row: [String] {
    let name = Text.fitted(name, 100)
    if verdict == .shape { return [name, "\(shapes[0]) → \(shapes[1])", "", "", "", "", ""] }
    return [
      name, types, "\(differing)/\(elements)", maxError.map(Text.scientific) ?? "",
      relL2.map(Text.scientific) ?? "", bits.map { Text.grouped($0) } ?? "", worst.map(String.init) ?? "",
    ]
  }
}
