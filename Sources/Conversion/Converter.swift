internal import PthReader
internal import SWT
internal import SWTBytes
internal import SWTChecksums
internal import SWTDigests
internal import SWTResNet
internal import SWTTensors

/// Turns a checkpoint into a weight file: `state dict -> layer tree -> tensors in execution order -> file`.
///
/// A plan says what becomes of which tensor; a draft is the file as far as that is known without reading values; a
/// pass reads them, once, on all threads, and hashes, transforms and writes them window by window.
public enum Converter {
  /// Converts `input` to `output`.
  ///
  /// The output appears under its name when it is complete and on the disk; whatever fails leaves what was there.
  /// Its bytes depend on the input and the options, not on threads.
  ///
  /// - Warning: The digest of the file is computed from a mapping. A file that becomes shorter meanwhile is an error, but an
  ///   application without a handler for `SIGBUS` may be ended by that signal first.
  /// - Throws: ``ConversionFailure``.
  public static func convert(
    _ input: String, to output: String, _ options: ConversionOptions = ConversionOptions(),
    progress: ConversionProgress? = nil
  ) throws(ConversionFailure) -> ConversionSummary {
    var job = try Job(input, options, progress)
    job.goldens.add(to: &job.draft)

    if SafetensorsOutput.isAsked(by: output) {
      try job.source.measure(&job.draft)
      var summary = job.summary
      summary.byteCount = try SafetensorsOutput.write(job.draft, from: input, to: output, options)
      return summary
    }
    if !options.replacesExisting, UpToDate.mayBe(output, job.draft) {
      try job.source.measure(&job.draft)
      if let existing = UpToDate.file(output, job.draft) { return job.summary(upToDate: existing) }
    }
    let result: SWTWriteResult
    do throws(ConversionFailure) {
      result = try SWTOutput.write(&job.draft, from: job.source, to: output, options)
    } catch {
      // Another process may have made the same file meanwhile.
      guard case .output = error, !options.replacesExisting, UpToDate.mayBe(output, job.draft) else {
        throw error
      }
      try job.source.measure(&job.draft)
      guard let existing = UpToDate.file(output, job.draft) else { throw error }
      return job.summary(upToDate: existing)
    }
    var summary = job.summary
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
  let source: ConversionSource
  private let architecture: Architecture?
  private var unused: [String] = []
  private var skipped: [(path: String, reason: String)] = []

  init(
    _ file: String, _ options: ConversionOptions, _ progress: ConversionProgress?
  ) throws(ConversionFailure) {
    // Before anything else is known: nothing takes longer than the digest of the file.
    let digest = SourceDigest(file, threads: options.threads, progress)
    switch try ConversionInput(file, limits: options.limits) {
    case .checkpoint(let checkpoint):
      try self.init(checkpoint, ConversionSource(file, options, digest, progress), options)
    case .stored(let stored):
      digest.cancel()
      try self.init(stored, ConversionSource(file, options, nil, progress), options)
    }
  }

  private init(
    _ checkpoint: Checkpoint, _ source: ConversionSource, _ options: ConversionOptions
  ) throws(ConversionFailure) {
    let file = source.path
    self.source = source
    let plan = try ConversionPlan(checkpoint, options.architecture.request, options, file: file)
    try plan.requireLayers(options.wideLayers)
    architecture = plan.network?.tree.architecture
    goldens = try EmbeddedGoldens(options.goldens, for: architecture, limits: options.limits)
    do {
      var budget = ValueBudget(options.limits, fileBytes: checkpoint.byteCount)
      for (_, entry) in plan.sources {
        if let excess = budget.refuse(entry) { throw excess }
      }
      draft = try DraftBuilder.build(plan, hashesSources: true, file: file, limits: options.limits)
    } catch {
      throw ConversionFailure(error, reading: file)
    }
    draft.contents.metadata = try plan.metadata(
      options, sourceSHA256: ConversionSource.unknownDigest, checkpoint, file: file)
    try options.addMetadata(to: &draft.contents.metadata, architecture, file: file)
    unused = plan.unused
    skipped = checkpoint.skipped.map { ($0.path, $0.reason) }
  }

  private init(
    _ stored: StoredWeights, _ source: ConversionSource, _ options: ConversionOptions
  ) throws(ConversionFailure) {
    let file = source.path
    self.source = source
    architecture = SWTArchitecture.read { stored.contents.metadata[$0] }
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
  }

  /// For an output that was there already.
  func summary(upToDate existing: SWTFile) -> ConversionSummary {
    var summary = summary
    summary.aliasCount = existing.tensors.count { $0.aliasOf != nil }
    summary.byteCount = existing.byteCount
    summary.contentID = existing.contentID(using: SystemDigests()).map { "swt1:\($0.hex)" }
    summary.wasUpToDate = true
    return summary
  }

  /// All but what only an output knows.
  var summary: ConversionSummary {
    var digest = ""
    if case .text(let text) = draft.contents.metadata["source.sha256"] { digest = text }
    var summary = ConversionSummary(
      architecture: architecture?.name, tensorCount: draft.networkTensorCount, aliasCount: 0, byteCount: 0,
      contentID: nil, sourceSHA256: digest, unused: unused, skipped: skipped,
      goldens: draft.contents.goldenSets.map(\.name))
    summary.wideLayers = draft.wideLayers
    summary.worstRounding = draft.worstRounding
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
