internal import ResNetArchitecture
internal import SWT
internal import SWTBytes
internal import SWTGoldens

/// The goldens that a conversion embeds, checked against the network.
struct EmbeddedGoldens {
  private let goldens: [Golden]

  /// Reads the files.
  ///
  /// - Parameters:
  ///   - paths: Golden files, or arrays of other programs: see ``GoldenReader``.
  ///   - architecture: The network; nil for a state dict without one.
  ///   - limits: Limits on the resources that reading may use.
  /// - Throws: ``GoldenReadFailure``, or ``ConversionFailure`` for a golden of another network.
  init(_ paths: [String], for architecture: Architecture?, limits: ParseLimits) throws {
    guard let path = paths.first else {
      goldens = []
      return
    }
    guard let architecture else {
      throw ConversionFailure(
        .golden, file: path, "a golden needs a network; this is a state dict without a layer tree")
    }
    let read = try GoldenReader.read(paths, for: architecture, limits: limits)
    for (path, golden) in read where !golden.architecture.isSameNetwork(as: architecture) {
      throw ConversionFailure(
        .golden, file: path,
        "it is a golden of \(golden.architecture.summary), but the model is \(architecture.summary)")
    }
    goldens = read.map(\.golden)
  }

  /// Appends the goldens to a draft.
  func add(to draft: inout Draft) {
    var embedding = GoldenEmbedding(to: draft.contents)
    for golden in goldens { embedding.add(golden) }
    for (spec, bytes) in zip(embedding.specs, embedding.bytes) { draft.append(spec, bytes) }
    draft.contents.goldenSets += embedding.sets
    draft.contents.metadata.merge(embedding.metadata) { _, new in new }
  }
}
