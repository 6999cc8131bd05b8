internal import ResNetArchitecture
internal import SWT
internal import SWTBytes
internal import SWTGoldens
internal import SWTTensorFiles

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
    for (path, golden) in read where !golden.isOf(architecture) {
      throw ConversionFailure(
        .golden, file: path,
        "it is a golden of \(golden.architecture.summary), but the model is \(architecture.summary)")
    }
    var goldens: [Golden] = []
    for (path, golden) in read {
      do throws(GoldenFailure) {
        goldens.append(try golden.retold(architecture))
      } catch {
        throw ConversionFailure(.golden, file: path, "\(error)")
      }
    }
    self.goldens = goldens
  }

  /// The engine whose integers all goldens have; nil if they differ, or do not say.
  var quantizedEngine: String? {
    let names = Set(goldens.map { $0.metadata["quantized.engine"] })
    return names.count == 1 ? names.first ?? nil : nil
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

extension Golden {
  /// Whether it is a golden of the network: one that states no conventions is of any with its shapes.
  fileprivate func isOf(_ network: Architecture) -> Bool {
    var plain = architecture
    (plain.epsilon, plain.epsilons) = (network.epsilon, network.epsilons)
    let statesNothing =
      plain.switches.allSatisfy { $0.key == "arch.stem" } && plain.hasSameShapes(as: network)
    return statesNothing || architecture.isSameNetwork(as: network)
  }

  /// The same golden, which states the network's conventions.
  fileprivate func retold(_ network: Architecture) throws(GoldenFailure) -> Golden {
    guard !architecture.isSameNetwork(as: network) else { return self }
    let others = metadata.pairs.filter { !$0.key.hasPrefix("arch.") }.map { ($0.key, $0.value) }
    return try Golden(metadata: OrderedStrings(others + network.goldenMetadata), tensors: tensors)
  }
}
