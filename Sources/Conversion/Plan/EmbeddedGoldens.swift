internal import SWT
internal import SWTBytes
internal import SWTGoldens
internal import SWTResNet

/// The goldens that a conversion embeds, checked against the network that they are to test.
struct EmbeddedGoldens {
  private let goldens: [Golden]

  /// Reads the files.
  ///
  /// - Parameters:
  ///   - paths: The golden files.
  ///   - architecture: The network; nil for a state dict without one.
  ///   - limits: What reading may cost.
  /// - Throws: ``ConversionFailure/golden(file:_:)``.
  init(_ paths: [String], for architecture: Architecture?, limits: ParseLimits) throws(ConversionFailure) {
    var goldens: [Golden] = []
    for path in paths {
      guard let architecture else {
        throw .golden(file: path, "a golden tests a network, and --arch none has none")
      }
      let golden: Golden
      do {
        golden = try GoldenFile.read(FileSource(path: path), limits: limits)
      } catch let failure as GoldenFailure {
        throw .golden(file: path, "\(failure)")
      } catch let failure as ParseFailure {
        throw .golden(file: path, "\(failure)")
      } catch {
        throw .golden(file: path, "\(error)")
      }
      guard golden.architecture.isSameNetwork(as: architecture) else {
        throw .golden(
          file: path,
          "it is a golden of \(golden.architecture.summary), the model is \(architecture.summary)")
      }
      goldens.append(golden)
    }
    self.goldens = goldens
  }

  /// Adds them behind everything else.
  func add(to draft: inout Draft) {
    var embedding = GoldenEmbedding(to: draft.contents)
    for golden in goldens { embedding.add(golden) }
    for (spec, bytes) in zip(embedding.specs, embedding.bytes) { draft.append(spec, bytes) }
    draft.contents.goldenSets += embedding.sets
    draft.contents.metadata.merge(embedding.metadata) { _, new in new }
  }
}
