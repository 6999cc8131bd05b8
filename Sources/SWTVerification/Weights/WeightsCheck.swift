internal import ResNetArchitecture
internal import SWT
internal import SWTBytes
internal import SWTChecksums
internal import SWTConversion
internal import SWTGoldens

/// Compares weights, tensor by tensor and bit by bit.
enum WeightsCheck {
  /// Compares with the digests in a golden; nil if it has none.
  ///
  /// Only values with a golden's digest count as compared. Others may be claimed to come from such values.
  static func compare(_ digests: WeightDigests, golden: Golden) -> WeightsReport? {
    guard !golden.digests.isEmpty else { return nil }
    var report = WeightsReport(against: "golden \(golden.name)")
    for (name, expected) in golden.digests.sorted(by: { $0.key < $1.key }) {
      // The step counter is not part of the function, and old files do not have it.
      guard !name.text.hasSuffix("num_batches_tracked") else { continue }
      if digests.own[name] == expected {
        report.compared += 1
      } else if let claim = digests.claimed[name] {
        if claim != expected {
          report.compared += 1
          report.differing.append(name.text)
        } else if digests.isProven {
          report.compared += 1
        } else {
          report.claimed += 1
        }
      } else if digests.own[name] != nil {
        report.compared += 1
        report.differing.append(name.text)
      } else {
        report.missing.append(name.text)
      }
    }
    return report
  }

  /// Compares with the checkpoint from which the file was supposedly made, converted again.
  ///
  /// - Returns: The result, and the digests of the source's tensors.
  static func compare(
    _ file: SWTFile, sourcePath: String, key: String?, limits: ParseLimits
  ) throws(ConversionFailure) -> (report: WeightsReport, sources: [ExactString: SHA256Digest]) {
    let planned = try PlannedFile(of: sourcePath, key: key, asStatedBy: file, limits: limits)
    let source = try planned.comparison(with: file)
    var report = WeightsReport(against: "source \(sourcePath)")
    report.isConvertedAgain =
      file.metadata("arch.bn") == .text("folded") || file.metadata("convert.precision") != nil
      || file.metadata("convert.dequantized") == .bool(true)
    report.compared = source.compared
    report.differing = source.differing
    report.missing = source.missing
    report.extra = source.extra
    report.records = source.records
    report.details = source.details
    report.unproven = source.claims
    return (report, source.sources)
  }

  /// Compares the records of a file with its metadata; nil if they agree.
  static func contradictions(_ file: SWTFile, _ stated: StatedTransforms) -> WeightsReport? {
    let found = stated.contradictions(file)
    guard !found.isEmpty else { return nil }
    var report = WeightsReport(against: "the file's metadata")
    var names: Set<ExactString> = []
    for (name, claim) in found {
      if names.insert(ExactString(name)).inserted { report.differing.append(name) }
      report.details.append("\(name): \(claim)")
    }
    report.compared = report.differing.count
    return report
  }
}
