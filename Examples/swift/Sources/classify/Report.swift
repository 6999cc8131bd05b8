import Classification
import Foundation

/// The output for one image.
struct Report: Encodable {
  let model: String
  let image: String
  let width: Int
  let height: Int
  let predictions: [Prediction]

  func json() throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(self), as: UTF8.self)
  }

  func text() -> String {
    let rows = predictions.map { prediction in
      String(format: "%7.2f %%  ", 100 * prediction.probability) + name(of: prediction)
    }
    return (["\(image), \(width)×\(height), \(model)"] + rows).joined(separator: "\n")
  }

  /// Labels come from a file, so they must not be able to control a terminal.
  private func name(of prediction: Prediction) -> String {
    guard let label = prediction.label else { return "class \(prediction.index)" }
    let shown = label.unicodeScalars.map { $0.properties.generalCategory == .control ? "\u{FFFD}" : $0 }
    return String(String.UnicodeScalarView(shown))
  }
}
