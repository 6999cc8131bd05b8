import Foundation

/// A class and its probability.
public struct Prediction: Codable, Equatable, Sendable {
  public let index: Int
  public let label: String?
  public let probability: Double
  public let logit: Float

  /// A prediction for each logit, most probable first; equal ones in order of their index.
  static func all(logits: [Float], labels: [String]) -> [Prediction] {
    // The largest logit is subtracted so that no exponential overflows.
    let largest = Double(logits.max() ?? 0)
    let powers = logits.map { exp(Double($0) - largest) }
    let sum = powers.reduce(0, +)
    let order = logits.indices.sorted { (-logits[$0], $0) < (-logits[$1], $1) }
    return order.map { index in
      Prediction(
        index: index, label: labels.indices.contains(index) ? labels[index] : nil,
        probability: powers[index] / sum, logit: logits[index])
    }
  }
}
