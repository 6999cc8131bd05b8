internal import ResNetModel
internal import SWTConsole
internal import SWTTensorFiles

/// The largest logits of each image, for people and for programs.
enum PredictionReport {
  static func json(_ batch: [[Prediction]]) -> JSONValue {
    .array(
      batch.map { predictions in
        .array(
          predictions.map { prediction in
            [
              "class": .int(prediction.index), "label": prediction.label.map { .string($0) } ?? .null,
              "logit": .double(Double(prediction.logit)), "probability": .double(prediction.probability),
              "margin": prediction.margin.map { .double(Double($0)) } ?? .null,
            ]
          })
      })
  }

  static func text(_ batch: [[Prediction]]) -> String {
    let tables = batch.enumerated().map { index, predictions in
      let rows = predictions.map { prediction in
        [
          "\(prediction.index)", Text.fixed(Double(prediction.logit), 3),
          Text.fixed(100 * prediction.probability, 2) + " %",
          prediction.margin.map { Text.fixed(Double($0), 3) } ?? "",
          Text.printable(prediction.label ?? "class \(prediction.index)", limit: 60),
        ]
      }
      let table = Text.Table(
        [">class", ">logit", ">probability", ">margin", "label"], sample: rows, indent: "  ")
      let heading = batch.count > 1 ? "image \(index)\n" : ""
      return heading + table.headingLine + rows.map { table.line($0) }.joined()
    }
    return tables.joined(separator: "\n")
  }
}
