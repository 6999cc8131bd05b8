internal import SWT
internal import SWTBytes
internal import SWTGoldens
internal import SWTResNet

/// The goldens that a conversion embeds, checked against the network that they are to test.
struct EmbeddedGoldens {
  private let embedding: GoldenEmbedding

  var names: [String] { embedding.names }
  var bytes: [[UInt8]] { embedding.bytes }

  init(_ paths: [String], plan: ConversionPlan, limits: ParseLimits) throws(ConversionFailure) {
    var embedding = GoldenEmbedding(firstIndex: plan.tensors.count)
    for path in paths {
      guard let network = plan.network else {
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
      guard golden.architecture.isSameNetwork(as: network.tree.architecture) else {
        throw .golden(
          file: path,
          "it is a golden of \(golden.architecture.summary), the model is "
            + network.tree.architecture.summary)
      }
      embedding.add(golden)
    }
    self.embedding = embedding
  }

  func add(to contents: inout SWTContents) {
    contents.tensors += embedding.specs
    contents.goldenSets = embedding.sets
    contents.metadata.merge(embedding.metadata) { _, new in new }
  }
}
