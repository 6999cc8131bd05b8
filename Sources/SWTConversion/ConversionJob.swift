internal import PthReader
internal import ResNetArchitecture
internal import ResNetModel
internal import SWT
internal import SWTBytes
internal import SWTChecksums
internal import SWTDigests
internal import SWTGoldens
internal import SWTTensorFiles

/// A draft, the source of its values, and what to report about it.
struct ConversionJob {
  var draft: Draft
  let source: ConversionSource
  private let architecture: Architecture?
  private let reading: StateDictReading?
  private let official: OfficialFile?
  private let unused: [String]
  private let statesInput: Bool
  private let parametrizations: [Parametrization]
  private var renamed: (from: String, to: String)?

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
    statesInput = options.metadata.contains { $0.key == "pre.mean" }
    let plan = try Self.plan(source, options, official)
    if options.isStrict, let assumed = plan.network?.reading.conventions.assumed, !assumed.isEmpty {
      throw ConversionFailure.architecture(
        "what the file leaves open is only assumed: "
          + assumed.map(\.summary).joined(separator: ", "), .settleConventions)
    }
    if requiresLayers { try plan.requireLayers(options.wideLayers) }
    architecture = plan.network?.tree.architecture
    reading = plan.network?.reading
    self.official = plan.network == nil ? nil : official
    let goldens = try EmbeddedGoldens(options.goldens, for: architecture, limits: options.limits)
    for (_, entry) in plan.sources { try source.file.admit(entry) }
    draft = try DraftBuilder.build(plan, hashesSources: true, source.file)
    draft.contents.metadata = plan.metadata(options, source.file.checkpoint)
    self.official?.addMetadata(to: &draft.contents.metadata)
    if self.official != nil, options.labels == nil, architecture?.classCount == ImageNetLabels.all.count {
      draft.contents.metadata["labels"] = .text(ImageNetLabels.all.joined(separator: "\n"))
    }
    try options.addMetadata(to: &draft.contents.metadata, architecture)
    if plan.network?.quantized != nil, !options.dequantizes, let engine = goldens.quantizedEngine {
      draft.contents.metadata["quantized.engine"] = .text(engine)
    }
    unused = plan.unused
    if plan.network != nil {
      renamed = plan.sources.first {
        !$0.entry.name.isEmpty && ExactString($0.entry.name) != ExactString($0.name)
      }
      .map { ($0.entry.name, $0.name) }
    }
    parametrizations = plan.network?.parametrizations ?? []
    goldens.add(to: &draft)
    if let part = options.part { draft = try draft.part(part) }
  }

  /// The plan, with the conventions that a golden settles where the file leaves some open.
  private static func plan(
    _ source: ConversionSource, _ options: ConversionOptions, _ official: OfficialFile?
  ) throws -> ConversionPlan {
    let request = options.architecture.request
    let plan = try ConversionPlan(
      source.file, request, options, official: official, golden: options.settled)
    guard !options.goldens.isEmpty, let network = plan.network, network.quantized == nil,
      !network.reading.conventions.assumed.isEmpty
    else { return plan }
    let read = try GoldenReader.read(
      options.goldens, for: network.tree.architecture, sizesAreOpen: true, limits: options.limits)
    let goldens = read.map(\.golden)
    guard goldens.allSatisfy({ $0.architecture.hasSameShapes(as: network.tree.architecture) }) else {
      return plan
    }
    // What options state is not varied, so little is left that could be wrong.
    let budget = options.conventions == Conventions() ? 2_000_000_000_000 : 100_000_000_000
    var settlement = GoldenSettlement(
      network, source.file, threads: options.threads, budget: budget, progress: source.progress)
    guard let result = try settlement.settle(goldens) else {
      // With other weights, or with options that are wrong, verification tells what differs.
      if options.conventions == Conventions(), try settlement.haveWeights(goldens) {
        throw ConversionFailure(
          .architecture, settlement.failure(goldens),
          .say("options state what is open; without the golden it is assumed"),
          unsettled: try settlement.unsettled { architecture throws(GoldenReadFailure) in
            try GoldenReader.read(options.goldens, for: architecture, limits: options.limits).map(\.golden)
          })
      }
      return plan
    }
    return try ConversionPlan(
      source.file, request, options, official: official,
      golden: .init(
        name: result.golden, architecture: result.architecture, undetermined: result.undetermined))
  }

  private init(_ stored: StoredWeights, _ source: ConversionSource, _ options: ConversionOptions) throws {
    self.source = source
    statesInput = options.metadata.contains { $0.key == "pre.mean" }
    architecture = SWTArchitecture.read { stored.contents.metadata[$0] }
    (reading, official, unused, parametrizations) = (nil, nil, [], [])
    guard options.part == nil else {
      throw ConversionFailure.options("parts are made of a checkpoint, not of a weight file")
    }
    guard options.conventions == Conventions() else {
      throw ConversionFailure.architecture(
        "conventions of a checkpoint cannot be set for a weight file, which records its own",
        .say("convert the checkpoint again"))
    }
    if options.head != .auto {
      throw ConversionFailure.architecture(
        "a weight file has one classifier at most", .say("convert the checkpoint again"))
    }
    if options.isStrict { try Self.requireWitnesses(stored.contents.metadata["source.conventions"]) }
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

  /// Requires that a weight file records no convention as assumed.
  private static func requireWitnesses(_ recorded: SWTValue?) throws {
    guard case .json(let text)? = recorded, let members = try JSONValue.parse(Array(text.utf8)).members else {
      return
    }
    let others: Set<String> = ["channel_order", "normalization"]
    let assumed = members.filter { $0.value.string == "assumed" && !others.contains($0.key) }.map(\.key)
    guard !assumed.isEmpty else { return }
    throw ConversionFailure.architecture(
      "what its checkpoint left open was only assumed: \(assumed.joined(separator: ", "))", .settleConventions
    )
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

  /// The summary for an output of that size; `isRead` says that others read it by its names.
  func summary(byteCount: Int, isRead: Bool = false) -> ConversionSummary {
    var summary = summary
    if isRead { summary.renamed = renamed }
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
    summary.statesInput = statesInput
    summary.unstatedInput = ["pre.mean", "pre.std", "pre.size"].filter { draft.contents.metadata[$0] == nil }
    summary.hasLabels = draft.contents.metadata["labels"] != nil
    // Without a pass over the values the digest is not known.
    if architecture != nil, !digest.isEmpty {
      summary.warnings = OfficialName.warnings(path: source.path, sha256: digest)
    }
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
