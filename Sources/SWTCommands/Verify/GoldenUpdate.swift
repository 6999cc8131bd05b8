internal import ResNetArchitecture
internal import ResNetModel
internal import SWT
internal import SWTBytes
internal import SWTConsole
internal import SWTConversion
internal import SWTGoldens
internal import SWTVerification

/// Makes goldens that are missing, and those that changed anew: of kind `self`, and only where that was
/// allowed.
///
/// What an outside implementation computed cannot be made here, so such a golden is never written over; a
/// copy for review,
/// `GOLDEN.actual`, is all that there is.
struct GoldenUpdate {
  let model: String
  let goldens: [String]
  let mode: UpdateMode
  /// `--update` was given: any missing golden is made, not only one that is named as a self golden.
  let isExplicit: Bool
  /// `--force`: also where the golden's weights are not the model's.
  let isForced: Bool
  let threads: Int?
  let limits: ParseLimits

  /// Makes what is missing, before anything is verified.
  ///
  /// - Returns: One sentence for each golden that was made.
  func makeMissing() throws(CommandFailure) -> [String] {
    var notes: [String] = []
    for path in goldens where mode != .none && Self.isMissing(path) {
      guard isExplicit || path.hasSuffix(UpdateMode.selfEnding) else { continue }
      let input: GoldenInput
      do throws(GoldenFailure) {
        // Odd sizes and two images: padding and mix-ups in a batch show.
        input = try SelfGolden.formula(seed: 1, shape: [2, 3, 65, 63])
      } catch {
        throw CommandFailure(.internalError, "\(error)")
      }
      try write(name: Self.name(path), input, isFull: false, to: path, replacing: false)
      notes.append("made \(path): this program's own double precision, which proves nothing about a port")
    }
    return notes
  }

  /// Makes self goldens anew that did not pass.
  ///
  /// - Returns: One sentence for each that was made or kept; `didWrite` when another verification is due.
  func remake(_ report: VerificationReport) throws(CommandFailure) -> (notes: [String], didWrite: Bool) {
    guard mode == .all, report.goldens.contains(where: { !Self.isGood($0) }) else { return ([], false) }
    var notes: [String] = []
    var didWrite = false
    for (path, golden, result) in try pairs(report) where golden.kind == "self" && !Self.isGood(result) {
      let sameWeights = result.weights?.passes ?? true
      guard sameWeights || isForced else {
        notes.append("kept \(path): its weights are not the model's; --force makes it anew all the same")
        continue
      }
      try write(
        name: golden.name, golden.input, isFull: golden.taps.contains(where: \.isFull), to: path,
        replacing: true)
      let times = result.comparisons.first.map { Text.scientific($0.timesFloor) } ?? "unknown"
      notes.append("made \(path) anew: the model was at \(times) floors of the old one")
      didWrite = true
    }
    return (notes, didWrite)
  }

  /// Writes what the model gives beside each golden that it failed.
  func writeActual(_ report: VerificationReport) throws(CommandFailure) -> [String] {
    var notes: [String] = []
    for (path, golden, result) in try pairs(report) where !Self.isGood(result) {
      let target = "\(path).actual"
      try write(
        name: golden.name, golden.input, isFull: golden.taps.contains(where: \.isFull), to: target,
        replacing: true)
      notes.append("wrote \(target): what the model gives, for review")
    }
    return notes
  }

  // MARK: Steps

  /// The golden files beside what was said of them.
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
    name: String, _ input: GoldenInput, isFull: Bool, to path: String, replacing: Bool
  ) throws(CommandFailure) {
    var maker = SelfGolden(name: name, input: input, producer: "pth2swt \(CommandLineTool.version)")
    maker.fullTaps = isFull
    maker.threads = threads
    try maker.write(from: model, to: path, replacing: replacing)
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
  func write(from model: String, to path: String, replacing: Bool) throws(CommandFailure) {
    let bytes: [UInt8]
    do {
      bytes = try make(from: OpenFile.weights(model)).fileBytes()
    } catch let failure as CommandFailure {
      throw failure
    } catch Failure.noNetwork {
      throw CommandFailure(.weightsDiffer, file: model, "it states no ResNet or ResNeXt architecture")
    } catch Failure.enginesDisagree(let place) {
      throw CommandFailure(.internalError, file: model, "double precision and float32 disagree \(place)")
    } catch let failure as GoldenFailure {
      throw CommandFailure(.goldenUnusable, file: path, "\(failure)")
    } catch {
      throw CommandFailure(.weightsDiffer, file: model, "\(error)")
    }
    try OutputFile.write(bytes, to: path, replacing: replacing)
  }
}
