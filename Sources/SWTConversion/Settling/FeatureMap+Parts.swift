internal import ResNetEngine

extension FeatureMap<Float> {
  /// The middle of each plane, of at most this height and width.
  func middle(side: Int) -> FeatureMap {
    let (height, width) = (shape[2], shape[3])
    let (rows, columns) = (min(side, height), min(side, width))
    if rows == height, columns == width { return self }
    var values: [Float] = []
    values.reserveCapacity(shape[0] * shape[1] * rows * columns)
    for plane in 0..<shape[0] * shape[1] {
      for row in 0..<rows {
        let start = (plane * height + (height - rows) / 2 + row) * width + (width - columns) / 2
        values += self.values[start..<start + columns]
      }
    }
    return FeatureMap(shape: [shape[0], shape[1], rows, columns], values: values)
  }

  /// Each channel with mean 0 and variance 1 over all pictures.
  var standardized: FeatureMap {
    var result = self
    let area = shape[2] * shape[3]
    for channel in 0..<shape[1] {
      let planes = (0..<shape[0]).map { picture in
        let start = (picture * shape[1] + channel) * area
        return start..<start + area
      }
      let count = Double(area * shape[0])
      let mean = planes.reduce(0.0) { sum, plane in values[plane].reduce(sum) { $0 + Double($1) } } / count
      let square = planes.reduce(0.0) { sum, plane in
        values[plane].reduce(sum) { $0 + (Double($1) - mean) * (Double($1) - mean) }
      }
      let deviation = max((square / count).squareRoot(), 1e-30)
      for index in planes.joined() {
        result.values[index] = Float((Double(values[index]) - mean) / deviation)
      }
    }
    return result
  }

  /// The first items of the batch.
  func first(_ count: Int) -> FeatureMap {
    let count = Swift.min(count, shape[0])
    let size = values.count / shape[0]
    return FeatureMap(shape: [count] + shape.dropFirst(), values: Array(values.prefix(count * size)))
  }
}
