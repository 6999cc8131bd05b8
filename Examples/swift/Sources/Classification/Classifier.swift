import Images
import ResNetModel

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
  /// - Throws: `ModelFailure` for a damaged file and for one that is not a network, ``ClassificationError`` for one that
  ///   is not a classifier.
  public init(_ path: String) throws {
    let model = try Model(path)
    let file = model.file
    guard model.architecture.hasHead else { throw ClassificationError.noHead }
    name = model.architecture.name
    preprocessing = try ImagePreprocessing { file.metadata($0) }
    assumed = ImagePreprocessing.keys.filter { file.metadata($0) == nil }
    labels =
      if case .text(let text) = file.metadata("labels") {
        text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
      } else { [] }

    engine = try model.engine(height: preprocessing.crop, width: preprocessing.crop)
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
  case noHead
  /// A key with an invalid value.
  case metadata(String)

  public var description: String {
    switch self {
    case .noHead: "the network has no last layer fc, and so no classes"
    case .metadata(let key): "its metadata \(key) is invalid; correct it with pth2swt set-meta"
    }
  }
}
