internal import PthReader
internal import ResNetArchitecture
internal import SWT
internal import SWTBytes
internal import SWTChecksums
internal import SWTConversion
internal import SWTDigests
internal import SWTGoldens

/// What the comparison of weights found.
public struct WeightsReport: Sendable {
  /// What the tensors were compared with: `source model.pth`, `golden image-64`.
  public var against: String
  /// How many tensors were compared.
  public var compared: Int
  /// Tensors with other values.
  public var differing: [String]
  /// Tensors that only the other side has.
  public var missing: [String]

  /// Whether every tensor is there and has the same values.
  public var passes: Bool { differing.isEmpty && missing.isEmpty }
}

/// Proves weights equal, tensor by tensor and bit by bit.
enum WeightsCheck {
  /// The digest of each network tensor's source values, by name.
  ///
  /// A tensor that the file claims to have stored as it came must have the digest of its source; where the
  /// bytes differ from that claim, their own digest counts.
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

  /// Compares with the digests that a golden recorded when it was made; `nil` when it recorded none.
  static func compare(_ digests: [String: SHA256Digest], golden: Golden) -> WeightsReport? {
    guard !golden.digests.isEmpty else { return nil }
    var report = WeightsReport(against: "golden \(golden.name)", compared: 0, differing: [], missing: [])
    for (name, expected) in golden.digests.sorted(by: { $0.key < $1.key }) {
      // The step counter is no part of the function, and old files do not have it.
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

  /// Compares with the checkpoint that the file is said to come from.
  ///
  /// Where the file's values were folded, cast or quantised, the same is done to the checkpoint's and must give the same
  /// bytes.
  static func compare(
    _ file: SWTFile, _ digests: [String: SHA256Digest], sourcePath: String, key: String?, limits: ParseLimits
  ) throws(ConversionFailure) -> WeightsReport {
    var report = WeightsReport(against: "source \(sourcePath)", compared: 0, differing: [], missing: [])
    do {
      let checkpoint = try CheckpointReader.open(path: sourcePath, limits: limits)
      let network = try NetworkStateDict(checkpoint, .auto, key: key, file: sourcePath)
      for (parameter, entry) in network.tensors {
        guard let actual = digests[parameter.name] else {
          if !parameter.isOptional { report.missing.append(parameter.name) }
          continue
        }
        let digest = SystemDigests().makeSHA256()
        try entry.storage.requireChecksum()
        try entry.forEachWindow(limits: limits) { (window: [UInt8]) throws(Never) in digest.update(window) }
        report.compared += 1
        if digest.finalize() != actual { report.differing.append(parameter.name) }
      }
      let derived = try Rederivation.check(file, against: network, path: sourcePath, limits: limits)
      report.compared += derived.compared
      report.differing += derived.differing.filter { !report.differing.contains($0) }
      report.missing += derived.missing
    } catch let failure as ConversionFailure {
      throw failure
    } catch let failure as ParseFailure {
      throw .input(file: sourcePath, failure)
    } catch {
      throw .input(file: sourcePath, ParseFailure(.unsupported("\(error)")))
    }
    return report
  }
}
