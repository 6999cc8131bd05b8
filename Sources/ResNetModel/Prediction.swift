internal import SWT
internal import SWTPlatform

/// A class among the largest logits.
public struct Prediction: Equatable, Sendable {
  /// The class's number, from 0.
  public let index: Int
  /// The class's name; nil if the file has none.
  public let label: String?
  /// The network's output for the class.
  public let logit: Float
  /// Of the softmax over all classes.
  public let probability: Double
  /// The distance to the next smaller logit; nil for the smallest.
  public let margin: Float?

  /// The `count` largest logits, largest first; equal ones in order of their index.
  ///
  /// - Parameters:
  ///   - count: The number of classes wanted.
  ///   - logits: One number per class; finite.
  ///   - labels: The names of the classes; empty if there are none.
  /// - Returns: At most `count` predictions.
  public static func largest(_ count: Int, of logits: [Float], labels: [String] = []) -> [Prediction] {
    // The largest logit is subtracted so that no exponential overflows.
    let largest = Double(logits.max() ?? 0)
    let sum = logits.reduce(0) { $0 + exp(Double($1) - largest) }
    let order = logits.indices.sorted { (-logits[$0], $0) < (-logits[$1], $1) }
    return order.prefix(max(0, count)).enumerated().map { rank, index in
      let next = rank + 1 < order.count ? logits[order[rank + 1]] : nil
      return Prediction(
        index: index, label: labels.indices.contains(index) ? labels[index] : nil, logit: logits[index],
        probability: exp(Double(logits[index]) - largest) / sum, margin: next.map { logits[index] - $0 })
    }
  }
}

extension Model {
  /// The names of the classes, from the metadata `labels`; empty if the file has none.
  public var labels: [String] {
    guard case .text(let text) = file.metadata("labels") else { return [] }
    return text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
  }
}
