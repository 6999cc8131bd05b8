internal import ResNetArchitecture
internal import ResNetEngine

/// A corner of a part's input and output, as a rounding shows in a few thousand values as well as in all.
///
/// Only a part with one convolution has a corner that depends on nothing outside; others are taken whole.
struct ProbeWindow {
  /// Rows and columns of the input.
  private static let side = 64

  let stages: [String]
  let feed: FeatureMap<Float>
  /// The engine's values, as ``inside(_:)`` selects them.
  let expected: [Double]
  /// Rows and columns of the output that depend on nothing outside; nil for all.
  private let size: (rows: Int, columns: Int)?

  init(_ part: EngineStage, _ tree: LayerTree) {
    stages = part.stages
    let shape = part.feed.shape
    guard part.stages == [tree.stem.name], tree.stem.units.count == 1, shape[2] > Self.side,
      shape[3] > Self.side
    else {
      (feed, size, expected) = (part.feed, nil, part.output.values)
      return
    }
    let unit = tree.stem.units[0]
    let count = (Self.side - 1 + unit.padding - unit.dilation * (unit.kernel - 1)) / unit.stride + 1
    let inside = min(count, part.output.shape[2], part.output.shape[3])
    feed = Self.corner(part.feed, Self.side, Self.side)
    size = (inside, inside)
    expected = Self.corner(part.output, inside, inside).values
  }

  /// The values of an output that are compared.
  func inside(_ output: FeatureMap<Double>) -> [Double] {
    guard let size else { return output.values }
    return Self.corner(output, size.rows, size.columns).values
  }

  private static func corner<Scalar>(
    _ map: FeatureMap<Scalar>, _ rows: Int, _ columns: Int
  ) -> FeatureMap<Scalar> {
    let (planes, height, width) = (map.shape[0] * map.shape[1], map.shape[2], map.shape[3])
    var values: [Scalar] = []
    values.reserveCapacity(planes * rows * columns)
    for plane in 0..<planes {
      for row in 0..<rows {
        let start = (plane * height + row) * width
        values += map.values[start..<start + columns]
      }
    }
    return FeatureMap(shape: [map.shape[0], map.shape[1], rows, columns], values: values)
  }
}
