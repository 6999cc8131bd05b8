import Foundation

/// One class and how probable it is.
public struct Prediction: Codable, Equatable, Sendable {
  public let index: Int
  public let label: String?
  public let probability: Double
  public let logit: Float

  /// A prediction for each logit, the most probable first; of equals, the first class.
  static func all(logits: [Float], labels: [String]) -> [Prediction] {
    // The largest is taken off, so that no exponential overflows.
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
