import Images
import SWT
import SWTConversion
import ResNetEngine
import ResNetArchitecture
import SWTVerification

/// A network with its labels. Use it from one task at a time: it has working memory for one image.
public final class Classifier {
  public let name: String
  public let preprocessing: ImagePreprocessing
  /// Metadata keys that the file lacks, for which the usual ImageNet preprocessing is assumed.
  public let assumed: [String]
  /// Names of the classes; empty if the file has none.
  public let labels: [String]
  private let engine: FastEngine

  /// Opens a weight file. Every weight is checked against its checksum while it is packed for the engine.
  ///
  /// - Throws: `SWTError` for a damaged file, ``ClassificationError`` for one that is not a classifier.
  public init(_ path: String) throws {
    let file = try SWTFile(path: path)
    guard let architecture = SWTArchitecture.read(file) else { throw ClassificationError.noArchitecture }
    guard architecture.hasHead else { throw ClassificationError.noHead }
    name = architecture.name
    preprocessing = try ImagePreprocessing { file.metadata($0) }
    assumed = ImagePreprocessing.keys.filter { file.metadata($0) == nil }
    labels =
      if case .text(let text) = file.metadata("labels") {
        text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
      } else { [] }

    let threads = ThreadPool()
    let network = try PackedNetwork(
      LayerTree(architecture), weights: SWTWeights(file), threads: threads)
    engine = FastEngine(network, height: preprocessing.crop, width: preprocessing.crop, threads: threads)
  }

  /// One number per class, before softmax.
  public func logits(_ image: Image) throws -> [Float] {
    try engine.run(preprocessing.input(of: image)).output.values
  }

  /// The classes, most probable first.
  public func classify(_ image: Image) throws -> [Prediction] {
    Prediction.all(logits: try logits(image), labels: labels)
  }
}

/// Why a weight file cannot classify images.
public enum ClassificationError: Error, Equatable, CustomStringConvertible {
  case noArchitecture
  case noHead
  /// A key with an invalid value.
  case metadata(String)

  public var description: String {
    switch self {
    case .noArchitecture: "it does not contain a known ResNet or ResNeXt"
    case .noHead: "the network has no last layer fc, and so no classes"
    case .metadata(let key): "its metadata \(key) is invalid; correct it with pth2swt set-meta"
    }
  }
}
