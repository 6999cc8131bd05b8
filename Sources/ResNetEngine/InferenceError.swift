package import ResNetArchitecture

/// Why an engine could not be made or run.
public enum InferenceError: Error, Hashable, Sendable {
  /// The weight source lacks a tensor that the network needs.
  case missingTensor(String)
  /// A tensor has another number of elements than the network needs.
  case wrongCount(String, expected: Int, actual: Int)
  /// The input is not `[N, channels, height, width]` with that many values; a dimension that may vary is -1.
  case wrongInput(expected: [Int], actual: [Int], values: Int)
  /// A kernel does not fit into what the layers before leave of an image of that size.
  case imageTooSmall(height: Int, width: Int)
  /// No layer of the network has that name.
  case unknownTap(String)
  /// The layer exists, but this engine computes it fused with the one that follows.
  case fusedTap(String)
  /// Scales, zero points or sizes of a quantized network with which no engine computes; a sentence.
  case quantization(String)
  /// The run was ended from outside before it was complete.
  case interrupted
}

extension InferenceError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .missingTensor(let name):
      "tensor '\(name)' is missing"
    case .wrongCount(let name, let expected, let actual):
      "tensor '\(name)' has \(actual) elements, the network needs \(expected)"
    case .wrongInput(let expected, let actual, let values):
      "input has shape \(actual) and \(values) values, expected \(expected)"
    case .imageTooSmall(let height, let width):
      "an image of \(height)×\(width) pixels does not fit the network's kernels and strides"
    case .unknownTap(let name):
      "the network has no layer '\(name)'"
    case .fusedTap(let name):
      "'\(name)' is computed together with the residual sum; ask the reference engine"
    case .quantization(let text):
      text
    case .interrupted:
      "the run was ended before it was complete"
    }
  }
}

extension LayerTree {
  /// - Throws: ``InferenceError/imageTooSmall(height:width:)``.
  package func requireSize(_ height: Int, _ width: Int) throws(InferenceError) {
    guard accepts(imageSize: height), accepts(imageSize: width) else {
      throw .imageTooSmall(height: height, width: width)
    }
  }
}
