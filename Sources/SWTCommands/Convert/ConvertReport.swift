internal import ResNetArchitecture
internal import SWTBytes
internal import SWTConsole
internal import SWTConversion
internal import SWTTensorFiles

/// The report of a single conversion.
enum ConvertReport {
  /// `pth2swt.convert/2`.
  static func document(
    _ summary: ConversionSummary, _ input: String, _ output: String, _ seconds: Double
  ) -> JSONValue {
    .object(
      [JSONMember("schema", "pth2swt.convert/2")] + members(summary, input, output, seconds))
  }

  static func members(
    _ summary: ConversionSummary, _ input: String, _ output: String, _ seconds: Double
  ) -> [JSONMember] {
    [
      JSONMember("input", .string(input)), JSONMember("output", .string(output)),
      JSONMember("architecture", summary.architecture.map { .string($0) } ?? .null),
      JSONMember("tensors", .int(summary.tensorCount)), JSONMember("aliases", .int(summary.aliasCount)),
      JSONMember("bytes", .int(summary.byteCount)),
      JSONMember("content_id", summary.contentID.map { .string($0) } ?? .null),
      JSONMember("source_sha256", .string(summary.sourceSHA256)),
      JSONMember("unused", .array(summary.unused.map { .string($0) })),
      JSONMember(
        "skipped",
        .array(summary.skipped.map { ["path": .string($0.path), "reason": .string($0.reason)] })),
      JSONMember("goldens", .array(summary.goldens.map { .string($0) })),
      JSONMember("kept_wide", .array(summary.wideLayers.map { .string($0) })),
      JSONMember(
        "worst_rounding",
        summary.worstRounding.map { ["tensor": .string($0.name), "rel_l2": .double($0.relL2)] } ?? .null),
      JSONMember(
        "parametrizations",
        .array(
          summary.parametrizations.map { weight in
            [
              "tensor": .string(weight.name), "kind": .string(weight.kind.rawValue),
              "parts": .array(weight.parts.map { .string($0) }), "exact": .bool(weight.isExact),
            ]
          })),
      JSONMember(
        "renamed",
        summary.renamed.map { ["from": .string($0.from), "to": .string($0.to)] } ?? .null),
      JSONMember("up_to_date", .bool(summary.wasUpToDate)),
      JSONMember("warnings", .array(summary.warnings.map { .string($0) })),
      JSONMember("seconds", .double(seconds)),
    ] + summary.readingJSON
  }

  static func text(_ summary: ConversionSummary, _ output: String, _ seconds: Double) -> String {
    if summary.wasUpToDate { return "\(output): up to date\n" }
    var text = "\(output): \(summary.architecture ?? "state dict"), \(summary.tensorCount) tensors, "
    text += "\(Text.bytes(summary.byteCount)), \(Text.fixed(seconds, 2)) s\n"
    if let identity = summary.contentID { text += "  content id  \(identity)\n" }
    text += summary.readingText
    if let (from, to) = summary.renamed {
      text += "  note        the names are torchvision's: \(Text.printable(from)) became \(to); "
      text += "--arch none keeps the source's names\n"
    }
    text += foldedText(summary.parametrizations)
    if let worst = summary.worstRounding {
      text += "  rounding    at most \(Text.scientific(worst.relL2)) of a tensor's norm, in \(worst.name)\n"
    }
    if !summary.wideLayers.isEmpty { text += "  kept wide   \(summary.wideLayers.joined(separator: ", "))\n" }
    if !summary.goldens.isEmpty { text += "  goldens     \(summary.goldens.joined(separator: ", "))\n" }
    // The reading has already listed what was left out, with reasons.
    let unused = summary.reading?.unused ?? summary.unused
    if !unused.isEmpty { text += "  not used    \(unusedText(unused))\n" }
    for (path, reason) in summary.skipped.prefix(5) { text += "  skipped     \(path): \(reason)\n" }
    return text
  }

  /// The first names; an optimizer's tensors, which repeat the weights, are only counted.
  private static func unusedText(_ unused: [String]) -> String {
    let names = unused.filter { !StateDictReading.isOptimizers($0) }
    let optimizers = unused.count - names.count
    var parts = Array(names.prefix(5))
    if names.count > 5 { parts.append("+\(names.count - 5) more") }
    if optimizers > 0 {
      parts.append("\(optimizers) \(optimizers == 1 ? "tensor" : "tensors") of an optimizer")
    }
    return parts.joined(separator: ", ")
  }

  /// One line per kind of parametrization.
  private static func foldedText(_ weights: [Parametrization]) -> String {
    var text = ""
    for kind in [Parametrization.Kind.weightNorm, .spectralNorm, .pruning, .torchao] {
      let ofKind = weights.filter { $0.kind == kind }
      let names = ofKind.map(\.name)
      guard let first = names.first else { continue }
      let others = names.count > 1 ? " and \(names.count - 1) more" : ""
      let bits =
        ofKind.allSatisfy(\.isExact) ? "PyTorch's values to the last bit" : "PyTorch's values, up to rounding"
      text += "  folded      \(kind.rawValue) of \(first)\(others): \(bits)\n"
    }
    return text
  }
}
