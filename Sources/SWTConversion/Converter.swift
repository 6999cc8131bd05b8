internal import PthReader
internal import ResNetArchitecture
internal import SWT
internal import SWTBytes
internal import SWTChecksums
internal import SWTDigests
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
  /// - Warning: The file is mapped, a few MiB at a time. One that becomes shorter meanwhile is an error; in the moment between
  ///   looking at its length and reading, an application without a handler for `SIGBUS` may be ended by that signal first.
  /// - Throws: ``ConversionFailure``.
  public static func convert(
    _ input: String, to output: String, _ options: ConversionOptions = ConversionOptions(),
    progress: ConversionProgress? = nil
  ) throws(ConversionFailure) -> ConversionSummary {
    var job = try Job(input, to: output, options, progress)

    if SafetensorsOutput.isAsked(by: output) {
      try job.measure()
      var summary = job.summary
      summary.byteCount = try SafetensorsOutput.write(job.draft, from: input, to: output, options)
      return summary
    }
    if !options.replacesExisting, UpToDate.mayBe(output, job.draft) {
      try job.measure()
      if let existing = UpToDate.file(output, job.draft) { return job.summary(upToDate: existing) }
    }
    let written: SWTWriteResult?
    do throws(ConversionFailure) {
      var result = try SWTOutput.write(
        &job.draft, from: job.source, to: output, options, unless: job.isNews)
      if result == nil {
        try job.recognise()
        result = try SWTOutput.write(
          &job.draft, from: job.source, to: output, options, unless: { _ in false })
      }
      written = result
    } catch {
      // Another process may have made the same file meanwhile.
      guard case .output = error, !options.replacesExisting, UpToDate.mayBe(output, job.draft) else {
        throw error
      }
      try job.measure()
      guard let existing = UpToDate.file(output, job.draft) else { throw error }
      return job.summary(upToDate: existing)
    }
    guard let result = written else { preconditionFailure("what is recognised is written") }
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
  private var reading: StateDictReading?
  private var official: OfficialFile?
  /// What it takes to read a checkpoint again whose digest turns out to be that of a published file.
  private var unrecognised: (checkpoint: Checkpoint, options: ConversionOptions)?
  private var skipped: [(path: String, reason: String)] = []

  init(
    _ file: String, to output: String, _ options: ConversionOptions, _ progress: ConversionProgress?
  ) throws(ConversionFailure) {
    // Before anything else is known: nothing takes longer than the digest of the file.
    let digest = SourceDigest(file, threads: options.threads, progress)
    switch try ConversionInput(file, limits: options.limits) {
    case .checkpoint(let checkpoint):
      let source = ConversionSource(file, options, digest, progress)
      // What claims to be a published file, or was one the last time, waits for its digest; any other is read and written
      // meanwhile, and once more if it turns out to be published under another name.
      let isExpected = OfficialFile.find(path: file) != nil || UpToDate.isOfPublishedFile(output)
      try self.init(checkpoint, source, options, official: isExpected ? source.published() : nil)
    case .stored(let stored):
      digest.cancel()
      try self.init(stored, ConversionSource(file, options, nil, progress), options)
    }
  }

  private init(
    _ checkpoint: Checkpoint, _ source: ConversionSource, _ options: ConversionOptions,
    official known: OfficialFile?
  ) throws(ConversionFailure) {
    let file = source.path
    self.source = source
    let plan = try ConversionPlan(
      checkpoint, options.architecture.request, options, official: known, file: file)
    try plan.requireLayers(options.wideLayers)
    architecture = plan.network?.tree.architecture
    reading = plan.network?.reading
    official = plan.network == nil ? nil : known
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
    official?.addMetadata(to: &draft.contents.metadata)
    try options.addMetadata(to: &draft.contents.metadata, architecture, file: file)
    unused = plan.unused
    skipped = checkpoint.skipped.map { ($0.path, $0.reason) }
    goldens.add(to: &draft)
    if plan.network != nil, official == nil { unrecognised = (checkpoint, options) }
  }

  private init(
    _ stored: StoredWeights, _ source: ConversionSource, _ options: ConversionOptions
  ) throws(ConversionFailure) {
    let file = source.path
    self.source = source
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
    goldens.add(to: &draft)
  }

  /// True when a digest says that the source is a published file, which the draft does not know yet.
  func isNews(_ sha256: String) -> Bool {
    unrecognised != nil && OfficialFile.find(sha256: sha256) != nil
  }

  /// The same job, with what is known of a published file: it may change what becomes of the tensors.
  mutating func recognise() throws(ConversionFailure) {
    guard let (checkpoint, options) = unrecognised else { return }
    self = try Job(checkpoint, source, options, official: source.published())
  }

  /// Reads the values without writing them.
  mutating func measure() throws(ConversionFailure) {
    try source.measure(&draft)
    guard isNews(digest) else { return }
    try recognise()
    try source.measure(&draft)
  }

  /// The source's SHA-256 in hexadecimal digits, once it is known.
  private var digest: String {
    if case .text(let text) = draft.contents.metadata["source.sha256"] { text } else { "" }
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
    var summary = ConversionSummary(
      architecture: architecture?.name, tensorCount: draft.networkTensorCount, aliasCount: 0, byteCount: 0,
      contentID: nil, sourceSHA256: digest, unused: unused, skipped: skipped,
      goldens: draft.contents.goldenSets.map(\.name))
    summary.wideLayers = draft.wideLayers
    summary.worstRounding = draft.worstRounding
    summary.reading = reading
    summary.official = official
    if architecture != nil { summary.warnings = OfficialName.warnings(path: source.path, sha256: digest) }
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
