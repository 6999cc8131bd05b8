internal import SWTBytes
internal import SWTTensorFiles
internal import SWTVerification

/// `pth2swt diff`: two weight files or checkpoints, tensor by tensor.
struct Diff: Command {
  static let spec = CommandSpec(
    "diff",
    "Compare two weight files or checkpoints, tensor by tensor; exit 0 when they hold the same values.",
    operands: [.init("A", "A checkpoint or a .swt file."), .init("B", "Another.")],
    options: [.flag("all", "List the tensors that are equal too.")],
    examples: [
      .init("pth2swt diff model.pth model.swt", "Did the conversion keep every value?"),
      .init("pth2swt diff old.pth new.pth", "What did the training step change?"),
    ])

  let paths: [String]
  let listsAll: Bool
  let json: Bool
  let quiet: Bool
  let limits: ParseLimits

  init(_ arguments: Arguments) throws(UsageError) {
    paths = arguments.operands
    listsAll = arguments.has("all")
    json = arguments.has("json")
    quiet = arguments.has("quiet")
    limits = try arguments.limits()
  }

  func run(_ console: Console) throws(CommandFailure) -> ExitStatus {
    let difference: FileDifference
    do throws(DifferenceFailure) {
      difference = try FileDifference(paths[0], paths[1], limits: limits)
    } catch {
      switch error {
      case .input(let file, let failure): throw CommandFailure(reading: file, failure)
      case .weights(let file, let error): throw CommandFailure(reading: file, error)
      }
    }
    if json {
      console.line(document(difference).text(pretty: true))
    } else if !quiet {
      console.write(text(difference))
    }
    return difference.isEmpty ? .success : .verificationFailed
  }

  private func document(_ difference: FileDifference) -> JSONValue {
    [
      "schema": "pth2swt.diff/1", "files": .array(paths.map { .string($0) }),
      "verdict": .string(difference.isEmpty ? "same" : "different"),
      "missing": .array(difference.missing.map { .string($0) }),
      "extra": .array(difference.extra.map { .string($0) }),
      "translated": .array(difference.translated.map { .string(paths[$0]) }),
      "tensors": .array(difference.pairs.map(\.json)),
    ]
  }

  private func text(_ difference: FileDifference) -> String {
    var text = ""
    for side in difference.translated { text += "\(paths[side]): compared under torchvision's names\n" }
    let shown = difference.pairs.filter { listsAll || $0.verdict == .values || $0.verdict == .shape }
    if !shown.isEmpty {
      let rows = [["tensor", "", ">differing", ">max error", ">relL2", "worst at"]] + shown.map(\.row)
      text += Text.table(rows)
    }
    for (names, what) in [
      (difference.missing, "only in \(paths[0])"), (difference.extra, "only in \(paths[1])"),
    ]
    where !names.isEmpty {
      let list = names.prefix(8).map { Text.printable($0) }.joined(separator: ", ")
      text += "\(what): \(list)\(names.count > 8 ? ", +\(names.count - 8) more" : "")\n"
    }
    let counts = Dictionary(grouping: difference.pairs, by: \.verdict).mapValues(\.count)
    let equal = counts[.equal].map { ", \($0) equal in another type" } ?? ""
    text += "\(difference.pairs.count) tensors in both: \(counts[.identical] ?? 0) identical\(equal)"
    text += ", \(counts[.values] ?? 0) differ in values, \(counts[.shape] ?? 0) in shape\n"
    return text
  }
}

extension FileDifference.Pair {
  fileprivate var json: JSONValue {
    [
      "name": .string(name), "verdict": .string(verdict.rawValue),
      "dtypes": .array(dtypes.map { .string($0) }),
      "shapes": .array(shapes.map { .array($0.map { .int($0) }) }),
      "elements": .int(elements), "differing": .int(differing),
      "max_error": maxError.map { .double($0) } ?? .null, "rel_l2": relL2.map { .double($0) } ?? .null,
      "worst": worst.map { .int($0) } ?? .null,
    ]
  }

  fileprivate var row: [String] {
    let types = dtypes[0] == dtypes[1] ? dtypes[0] : "\(dtypes[0]) → \(dtypes[1])"
    if verdict == .shape { return [Text.printable(name), "\(shapes[0]) → \(shapes[1])", "", "", "", ""] }
    return [
      Text.printable(name), types, "\(differing)/\(elements)", maxError.map(Text.scientific) ?? "",
      relL2.map(Text.scientific) ?? "", worst.map(String.init) ?? "",
    ]
  }
}
