internal import PthReader
internal import ResNetArchitecture
internal import SWT
internal import SWTBytes
internal import SWTChecksums
internal import SWTConversion
internal import SWTDigests
internal import SWTGoldens

/// The result of comparing weights.
public struct WeightsReport: Sendable {
  /// What the tensors were compared with, such as `source model.pth` or `golden image-64`.
  public var against: String
  /// Number of tensors compared.
  public var compared: Int
  /// Tensors whose values differ.
  public var differing: [String]
  /// Tensors that only the other side has.
  public var missing: [String]

  /// Whether every tensor exists and has the same values.
  public var passes: Bool { differing.isEmpty && missing.isEmpty }
}

/// Compares weights, tensor by tensor and bit by bit.
enum WeightsCheck {
  /// The digest of each network tensor's source values, by name.
  ///
  /// A tensor that the file claims to store unchanged must have the digest of its source; if its bytes differ
  /// from that claim, their own digest counts.
  static func digests(_ file: SWTFile) -> [String: SHA256Digest] {
    let sources = Dictionary(file.sourceDigests.map { ($0.name, $0) }, uniquingKeysWith: { a, _ in a })
    var digests = sources.mapValues(\.sha256)
    for info in file.tensors where !info.name.hasPrefix(SWTFormat.goldenPrefix) {
      guard let stored = file.digest(info.index) else { continue }
      let source = sources[info.name]
      if source == nil || (source?.dtype == info.dtype && !info.isDerived) { digests[info.name] = stored }
    }
    return digests
  }

  /// Compares with the digests in a golden; nil if it has none.
  static func compare(_ digests: [String: SHA256Digest], golden: Golden) -> WeightsReport? {
    guard !golden.digests.isEmpty else { return nil }
    var report = WeightsReport(against: "golden \(golden.name)", compared: 0, differing: [], missing: [])
    for (name, expected) in golden.digests.sorted(by: { $0.key < $1.key }) {
      // The step counter is not part of the function, and old files do not have it.
      guard !name.hasSuffix("num_batches_tracked") else { continue }
      guard let actual = digests[name] else {
        report.missing.append(name)
        continue
      }
      report.compared += 1
      if actual != expected { report.differing.append(name) }
    }
    return report
  }

  /// Compares with the checkpoint from which the file was supposedly made.
  ///
  /// If the file's values were folded, cast or quantized, the same is done to the checkpoint's, which must
  /// give the same bytes.
  static func compare(
    _ file: SWTFile, _ digests: [String: SHA256Digest], sourcePath: String, key: String?, limits: ParseLimits
  ) throws(ConversionFailure) -> WeightsReport {
    var report = WeightsReport(against: "source \(sourcePath)", compared: 0, differing: [], missing: [])
    let source = try Rederivation(of: sourcePath, key: key, for: file, limits: limits)
    for tensor in source.sources {
      guard let actual = digests[tensor.name] else {
        if !tensor.isOptional { report.missing.append(tensor.name) }
        continue
      }
      report.compared += 1
      if tensor.digest != actual { report.differing.append(tensor.name) }
    }
    report.compared += source.compared
    report.differing += source.differing.filter { !report.differing.contains($0) }
    report.missing += source.missing
    return report
  }
}
