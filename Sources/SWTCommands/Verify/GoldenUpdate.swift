internal import ResNetArchitecture
internal import ResNetModel
internal import SWT
internal import SWTBytes
internal import SWTConsole
internal import SWTConversion
internal import SWTGoldens
internal import SWTVerification

/// Makes missing goldens and updates changed ones, of kind `self` and only if allowed.
///
/// A golden computed by another implementation cannot be made here and is never overwritten; only a copy for
/// review, `GOLDEN.actual`, is written.
struct GoldenUpdate {
  let model: String
  let goldens: [String]
  let mode: UpdateMode
  /// Whether `--update` was given: any missing golden is made, not only those named as self goldens.
  let isExplicit: Bool
  /// `--force`: update even if the golden's weights are not the model's.
  let isForced: Bool
  let threads: Int?
  let limits: ParseLimits

  /// Makes missing goldens, before verification.
  ///
  /// - Returns: A sentence per golden made.
  func makeMissing() throws(CommandFailure) -> [String] {
    var notes: [String] = []
    for path in goldens where mode != .none && Self.isMissing(path) {
      guard isExplicit || path.hasSuffix(UpdateMode.selfEnding) else { continue }
      let input: GoldenInput
      do throws(GoldenFailure) {
        // Odd sizes and two images reveal errors of padding and batching.
        input = try SelfGolden.formula(seed: 1, shape: [2, 3, 65, 63])
      } catch {
        throw CommandFailure(.internalError, "\(error)")
      }
      try write(name: Self.name(path), input, isFull: false, to: path, replacing: false)
      notes.append("made \(path) with pth2swt's double-precision engine, so it does not prove a port correct")
    }
    return notes
  }

  /// Updates self goldens that did not pass.
  ///
  /// - Returns: A sentence per golden updated or kept; `didWrite` if verification must run again.
  func remake(_ report: VerificationReport) throws(CommandFailure) -> (notes: [String], didWrite: Bool) {
    guard mode == .all, report.goldens.contains(where: { !Self.isGood($0) }) else { return ([], false) }
    var notes: [String] = []
    var didWrite = false
    for (path, golden, result) in try pairs(report) where golden.kind == "self" && !Self.isGood(result) {
      let sameWeights = result.weights?.passes ?? true
      guard sameWeights || isForced else {
        notes.append("kept \(path): its weights are not the model's; --force updates it anyway")
        continue
      }
      try write(
        name: golden.name, golden.input, isFull: golden.taps.contains(where: \.isFull), to: path,
        replacing: true, followsLinks: true)
      let times = result.comparisons.first.map { Text.scientific($0.timesFloor) } ?? "unknown"
      notes.append("updated \(path): the model was \(times) floors from the previous one")
      didWrite = true
    }
    return (notes, didWrite)
  }

  /// Writes the model's outputs next to each golden that did not pass.
  func writeActual(_ report: VerificationReport) throws(CommandFailure) -> [String] {
    var notes: [String] = []
    for (path, golden, result) in try pairs(report) where !Self.isGood(result) {
      let target = "\(path).actual"
      try write(
        name: golden.name, golden.input, isFull: golden.taps.contains(where: \.isFull), to: target,
        replacing: true)
      notes.append("wrote \(target): the model's outputs, for review")
    }
    return notes
  }

  // MARK: Steps

  /// The golden files with their results.
  private func pairs(
    _ report: VerificationReport
  ) throws(CommandFailure) -> [(path: String, golden: Golden, result: GoldenReport)] {
    guard !goldens.isEmpty, let architecture = SWTArchitecture.read(try OpenFile.weights(model)) else {
      return []
    }
    do throws(GoldenReadFailure) {
      let read = try GoldenReader.read(goldens, for: architecture, limits: limits)
      return zip(read, report.goldens).map { ($0.path, $0.golden, $1) }
    } catch {
      throw CommandFailure(.goldenUnusable, file: error.file, error.text)
    }
  }

  private func write(
    name: String, _ input: GoldenInput, isFull: Bool, to path: String, replacing: Bool,
    followsLinks: Bool = false
  ) throws(CommandFailure) {
    var maker = SelfGolden(name: name, input: input, producer: "pth2swt \(CommandLineTool.version)")
    maker.fullTaps = isFull
    maker.threads = threads
    // The folder may come from elsewhere, with links under the names of goldens.
    try maker.write(from: model, to: path, replacing: replacing, followsLinks: followsLinks)
  }

  private static func isMissing(_ path: String) -> Bool {
    do throws(ParseFailure) {
      _ = try FileSource(path: path)
      return false
    } catch {
      guard case .system(let system) = error.reason else { return false }
      return system.isMissing
    }
  }

  private static func isGood(_ golden: GoldenReport) -> Bool {
    golden.passes && (golden.weights?.passes ?? true)
  }

  private static func name(_ path: String) -> String {
    let name = path.split(separator: "/").last.map(String.init) ?? path
    for ending in [UpdateMode.selfEnding, ".golden.safetensors", ".safetensors"] where name.hasSuffix(ending)
    {
      return String(name.dropLast(ending.count))
    }
    return name
  }
}

extension SelfGolden {
  /// Makes the golden and writes it.
  func write(
    from model: String, to path: String, replacing: Bool, followsLinks: Bool
  ) throws(CommandFailure) {
    let bytes: [UInt8]
    do {
      bytes = try make(from: OpenFile.weights(model)).fileBytes()
    } catch let failure as CommandFailure {
      throw failure
    } catch Failure.noNetwork {
      throw CommandFailure(.weightsDiffer, file: model, "it has no ResNet or ResNeXt architecture")
    } catch Failure.enginesDisagree(let place) {
      throw CommandFailure(.internalError, file: model, "double precision and float32 disagree \(place)")
    } catch let failure as GoldenFailure {
      throw CommandFailure(.goldenUnusable, file: path, "\(failure)")
    } catch {
      throw CommandFailure(.weightsDiffer, file: model, "\(error)")
    }
    try OutputFile.write(bytes, to: path, replacing: replacing, followsLinks: followsLinks)
  }
}
