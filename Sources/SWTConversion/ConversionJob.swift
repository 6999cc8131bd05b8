internal import PthReader
internal import ResNetArchitecture
internal import ResNetModel
internal import SWT
internal import SWTBytes
internal import SWTChecksums
internal import SWTDigests

/// A draft, the source of its values, and what to report about it.
struct ConversionJob {
  var draft: Draft
  let source: ConversionSource
  private let architecture: Architecture?
  private let reading: StateDictReading?
  private let official: OfficialFile?
  private let unused: [String]
  private let parametrizations: [Parametrization]

  /// Plans the conversion of the source's tensors.
  ///
  /// - Parameters:
  ///   - source: The open source.
  ///   - options: The options.
  ///   - official: The published file that the source is, if any.
  ///   - requiresLayers: Whether the layers named in the options must exist.
  /// - Throws: ``ConversionFailure``, ``ParseFailure`` or ``GoldenReadFailure``.
  init(
    _ source: ConversionSource, _ options: ConversionOptions, official: OfficialFile?,
    requiresLayers: Bool = true
  ) throws {
    if let stored = source.stored {
      try self.init(stored, source, options)
    } else {
      try self.init(checkpoint: source, options, official: official, requiresLayers: requiresLayers)
    }
  }

  private init(
    checkpoint source: ConversionSource, _ options: ConversionOptions, official: OfficialFile?,
    requiresLayers: Bool
  ) throws {
    self.source = source
    let plan = try ConversionPlan(source.file, options.architecture.request, options, official: official)
    if requiresLayers { try plan.requireLayers(options.wideLayers) }
    architecture = plan.network?.tree.architecture
    reading = plan.network?.reading
    self.official = plan.network == nil ? nil : official
    let goldens = try EmbeddedGoldens(options.goldens, for: architecture, limits: options.limits)
    for (_, entry) in plan.sources { try source.file.admit(entry) }
    draft = try DraftBuilder.build(plan, hashesSources: true, source.file)
    draft.contents.metadata = plan.metadata(options, source.file.checkpoint)
    self.official?.addMetadata(to: &draft.contents.metadata)
    try options.addMetadata(to: &draft.contents.metadata, architecture)
    unused = plan.unused
    parametrizations = plan.network?.parametrizations ?? []
    goldens.add(to: &draft)
  }

  private init(_ stored: StoredWeights, _ source: ConversionSource, _ options: ConversionOptions) throws {
    self.source = source
    architecture = SWTArchitecture.read { stored.contents.metadata[$0] }
    (reading, official, unused, parametrizations) = (nil, nil, [], [])
    guard options.conventions == Conventions() else {
      throw ConversionFailure.architecture(
        "conventions of a checkpoint cannot be set for a weight file, which records its own",
        .say("convert the checkpoint again"))
    }
    if let key = options.key {
      throw ConversionFailure.architecture(
        "there is nothing under the key '\(key)': a weight file has no nesting")
    }
    if case .named(let name) = options.architecture, architecture?.name != name {
      throw ConversionFailure.architecture("it is \(architecture?.name ?? "a state dict"), not \(name)")
    }
    let goldens = try EmbeddedGoldens(options.goldens, for: architecture, limits: options.limits)
    draft = options.transforms ? try stored.transformed(options, source.file) : stored.draft
    try options.addMetadata(to: &draft.contents.metadata, architecture)
    goldens.add(to: &draft)
  }

  /// Reads all values without writing them.
  mutating func measure() throws {
    try source.measure(&draft)
    try requireExpected()
  }

  /// Checks that the digest of the source, which is known only now, does not identify an unexpected published
  /// file.
  ///
  /// - Throws: ``UnexpectedlyPublished``; ``ParseFailure`` if the source cannot be read to its end.
  func requireExpected() throws {
    guard reading != nil, official == nil, let file = try source.published() else { return }
    throw UnexpectedlyPublished(file: file)
  }

  // MARK: Summaries

  /// The summary for an output in another format.
  func summary(byteCount: Int) -> ConversionSummary {
    var summary = summary
    summary.byteCount = byteCount
    return summary
  }

  /// The summary for a new weight file.
  func summary(written result: SWTWriteResult) -> ConversionSummary {
    var summary = summary(byteCount: result.byteCount)
    summary.aliasCount = result.aliasCount
    summary.contentID = "swt1:\(result.contentID.hex)"
    return summary
  }

  /// The summary for an existing output that is up to date.
  func summary(upToDate existing: SWTFile) -> ConversionSummary {
    var summary = summary(byteCount: existing.byteCount)
    summary.aliasCount = existing.tensors.count { $0.aliasOf != nil }
    summary.contentID = existing.contentID(using: SystemDigests()).map { "swt1:\($0.hex)" }
    summary.wasUpToDate = true
    return summary
  }

  /// Everything except what is known only after writing.
  private var summary: ConversionSummary {
    var digest = ""
    if case .text(let text) = draft.contents.metadata[SWTFormat.sourceDigestKey] { digest = text }
    var summary = ConversionSummary(
      architecture: architecture?.name, tensorCount: draft.networkTensorCount, aliasCount: 0, byteCount: 0,
      contentID: nil, sourceSHA256: digest, unused: unused,
      skipped: skipped,
      goldens: draft.contents.goldenSets.map(\.name))
    summary.wideLayers = draft.wideLayers
    summary.worstRounding = draft.worstRounding
    summary.reading = reading
    summary.parametrizations = parametrizations
    summary.official = official
    if architecture != nil { summary.warnings = OfficialName.warnings(path: source.path, sha256: digest) }
    if source.stored == nil, source.file.checkpoint.hasCode {
      summary.warnings.append(
        "it defines Python classes or functions (cloudpickle or dill), which torch.load would run; nothing was "
          + "executed here")
    }
    return summary
  }
}

extension ConversionJob {
  /// What the reader left out, except weights that were folded from their parts.
  fileprivate var skipped: [(path: String, reason: String)] {
    guard source.stored == nil else { return [] }
    let folded = Set(parametrizations.map(\.name))
    return source.file.checkpoint.skipped.filter { !folded.contains($0.path) }.map { ($0.path, $0.reason) }
  }
}

extension ConversionOptions.Architecture {
  /// The network to look for; nil if none.
  fileprivate var request: NetworkStateDict.Request? {
    switch self {
    case .none: nil
    case .auto: .auto
    case .named(let name): .named(name)
    }
  }
}
