internal import PthReader
internal import SWT
internal import SWTBytes
internal import SWTChecksums
internal import SWTDigests
internal import SWTResNet
internal import SWTTensors

/// Turns a checkpoint into a weight file: `state dict -> layer tree -> tensors in execution order -> file`.
///
/// Three steps: a plan says what becomes of which tensor; a draft is the file without its bytes, measured and hashed;
/// an output writes it.
public enum Converter {
  /// Converts `input` to `output`.
  ///
  /// The output appears under its name when it is complete and on the disk; whatever fails leaves what was there.
  ///
  /// - Throws: ``ConversionFailure``.
  public static func convert(
    _ input: String, to output: String, _ options: ConversionOptions = ConversionOptions()
  ) throws(ConversionFailure) -> ConversionSummary {
    var job: Job
    switch try ConversionInput(input, limits: options.limits) {
    case .checkpoint(let checkpoint): job = try Job(checkpoint, file: input, options)
    case .stored(let stored): job = try Job(stored, file: input, options)
    }
    job.goldens.add(to: &job.draft)

    var summary = job.summary
    if SafetensorsOutput.isAsked(by: output) {
      summary.byteCount = try SafetensorsOutput.write(job.draft, from: input, to: output, options)
      return summary
    }
    if !options.replacesExisting, let existing = UpToDate.file(output, job.draft) {
      summary.aliasCount = existing.tensors.count { $0.aliasOf != nil }
      summary.byteCount = existing.byteCount
      summary.contentID = existing.contentID(using: SystemDigests()).map { "swt1:\($0.hex)" }
      summary.wasUpToDate = true
      return summary
    }
    let result = try SWTOutput.write(job.draft, from: input, to: output, options)
    summary.aliasCount = result.aliasCount
    summary.byteCount = result.byteCount
    summary.contentID = "swt1:\(result.contentID.hex)"
    return summary
  }
}

/// A draft, and what there is to say about how it came about.
private struct Job {
  var draft: Draft
  let goldens: EmbeddedGoldens
  private let architecture: Architecture?
  private var sourceSHA256 = ""
  private var unused: [String] = []
  private var reading: StateDictReading?
  private var official: OfficialFile?
  private var warnings: [String] = []
  private var skipped: [(path: String, reason: String)] = []

  init(
    _ checkpoint: Checkpoint, file: String, _ options: ConversionOptions
  ) throws(ConversionFailure) {
    var plan = try ConversionPlan(checkpoint, options.architecture.request, options, file: file)
    goldens = try EmbeddedGoldens(
      options.goldens, for: plan.network?.tree.architecture, limits: options.limits)
    do {
      let scan = try SourceScan.run(
        file, plan.sources.map(\.entry), limits: options.limits, fileBytes: checkpoint.byteCount)
      warnings = OfficialName.warnings(path: file, sha256: scan.file.hex)
      if plan.network != nil, let published = OfficialFile.find(sha256: scan.file.hex) {
        // What it says about itself may change what becomes of the tensors, and never which they are.
        official = published
        plan = try ConversionPlan(
          checkpoint, options.architecture.request, options, official: published, file: file)
      }
      draft = try DraftBuilder.build(plan, digests: scan.tensors, file: file, limits: options.limits)
      sourceSHA256 = scan.file.hex
    } catch {
      throw ConversionFailure(error, reading: file)
    }
    architecture = plan.network?.tree.architecture
    reading = plan.network?.reading
    draft.contents.metadata = try plan.metadata(
      options, sourceSHA256: sourceSHA256, checkpoint, file: file)
    official?.addMetadata(to: &draft.contents.metadata)
    try options.addMetadata(to: &draft.contents.metadata, architecture, file: file)
    unused = plan.unused
    skipped = checkpoint.skipped.map { ($0.path, $0.reason) }
  }

  init(_ stored: StoredWeights, file: String, _ options: ConversionOptions) throws(ConversionFailure) {
    architecture = SWTArchitecture.read { stored.contents.metadata[$0] }
    guard options.conventions == Conventions() else {
      throw .architecture(
        file: file,
        "options that say how a checkpoint is to be read are not for a weight file, which says it itself",
        hint: "convert the checkpoint again")
    }
    if let key = options.key {
      throw .architecture(
        file: file, "there is nothing under --key \(key): a weight file has no nesting", hint: nil)
    }
    if case .named(let name) = options.architecture, architecture?.name != name {
      throw .architecture(file: file, "it is \(architecture?.name ?? "a state dict"), not \(name)", hint: nil)
    }
    goldens = try EmbeddedGoldens(options.goldens, for: architecture, limits: options.limits)
    do {
      draft = options.transforms ? try stored.transformed(options, file: file) : stored.draft
    } catch {
      throw ConversionFailure(error, reading: file)
    }
    try options.addMetadata(to: &draft.contents.metadata, architecture, file: file)
    if case .text(let digest) = draft.contents.metadata["source.sha256"] { sourceSHA256 = digest }
  }

  /// All but what only an output knows.
  var summary: ConversionSummary {
    var summary = ConversionSummary(
      architecture: architecture?.name, tensorCount: draft.networkTensorCount, aliasCount: 0, byteCount: 0,
      contentID: nil, sourceSHA256: sourceSHA256, unused: unused, skipped: skipped,
      goldens: draft.contents.goldenSets.map(\.name))
    summary.wideLayers = draft.wideLayers
    summary.worstRounding = draft.worstRounding
    summary.reading = reading
    summary.official = official
    summary.warnings = warnings
    return summary
  }
}

extension ConversionOptions.Architecture {
  /// The network to look for; nil for none.
  fileprivate var request: NetworkStateDict.Request? {
    switch self {
    case .none: nil
    case .auto: .auto
    case .named(let name): .named(name)
    }
  }
}

extension ConversionFailure {
  /// Whatever stopped a pass over the input.
  init(_ error: any Error, reading file: String) {
    switch error {
    case let failure as ConversionFailure: self = failure
    case let failure as ParseFailure: self = .input(file: file, failure)
    default: self = .input(file: file, ParseFailure(.unsupported("\(error)")))
    }
  }
}
