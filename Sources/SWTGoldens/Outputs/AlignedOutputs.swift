internal import ResNetArchitecture
package import SWTBytes
internal import SWTTensorFiles
internal import SWTTensors

/// The order of a feature map's dimensions in an engine's arrays.
package enum OutputLayout: String, CaseIterable, Sendable {
  /// Whichever fits the shape; if both do, the one that is closer to the golden.
  case auto
  /// Channels before rows and columns, as in PyTorch.
  case nchw
  /// Channels last, as in TensorFlow.
  case nhwc
}

/// An engine's arrays in the shapes and the order of the network.
package struct AlignedOutputs: Sendable {
  /// The output of one layer.
  package struct Layer: Sendable {
    /// The network's name.
    package let name: String
    /// The engine's name.
    package let theirs: String
    /// The network's shape.
    package let shape: [Int]
    /// Row-major.
    package var values: [Double]
    /// `f16` or `bf16` if every value is a number of that format, so that nothing finer was kept.
    package let format: String?
    /// Number of different values, counted up to 257.
    package let distinctValues: Int
  }

  /// An array with another shape than its layer.
  package struct Misfit: Sendable {
    package let name: String
    package let expected: [Int]
    package let actual: [Int]
  }

  /// In execution order, the network's output last.
  package private(set) var layers: [Layer] = []
  package private(set) var misfits: [Misfit] = []
  /// Names of the arrays that are nothing of the network.
  package let ignored: [String]

  /// Replaces a layer's negative values by zero.
  package mutating func rectify(_ name: String) {
    guard let index = layers.firstIndex(where: { $0.name == name }) else { return }
    for i in layers[index].values.indices where layers[index].values[i] < 0 { layers[index].values[i] = 0 }
  }

  package func layer(_ name: String) -> Layer? { layers.first { $0.name == name } }

  /// - Throws: ``InputFailure/Reason``'s ``ParseFailure`` for an array that is not of real numbers.
  package init(
    _ outputs: EngineOutputs, of golden: Golden, map: [ExactString: String], layout: OutputLayout
  ) throws(ParseFailure) {
    let tree = LayerTree(golden.architecture)
    let names = OutputNames(outputs.arrays.map(\.name), tree, map: map)
    let shapes = TapShapes(tree, input: golden.input.shape)
    ignored =
      names.ignored
      + outputs.arrays.map(\.name).filter { name in
        names.layers[ExactString(name)].map { shapes[$0] == nil } ?? false
      }
    var found: [ExactString: Layer] = [:]
    for array in outputs.arrays {
      guard let name = names.layers[ExactString(array.name)], let shape = shapes[name],
        found[ExactString(name)] == nil
      else { continue }
      let values: [Double]
      do throws(ParseFailure) {
        values = try array.data.doubles()
      } catch {
        throw error.inside(array.name)
      }
      guard let aligned = Self.align(values, array.data.shape, shape, layout, golden, name) else {
        misfits.append(Misfit(name: name, expected: shape, actual: array.data.shape))
        continue
      }
      let (format, distinct) = Self.precision(values)
      found[ExactString(name)] = Layer(
        name: name, theirs: array.name, shape: shape, values: aligned, format: format,
        distinctValues: distinct)
    }
    layers = (shapes.order + [tree.outputName]).compactMap { found[ExactString($0)] }
  }

  // MARK: Shapes

  /// The values in the network's order; nil if the shape does not fit.
  private static func align(
    _ values: [Double], _ actual: [Int], _ shape: [Int], _ layout: OutputLayout, _ golden: Golden,
    _ name: String
  ) -> [Double]? {
    guard shape.count == 4 else {
      // [N, C], [N, C, 1, 1], [N, 1, 1, C], or [C] for a single image.
      let significant = Self.withoutOnes(actual), wanted = Self.withoutOnes(shape)
      return significant == wanted ? values : nil
    }
    let (n, c, h, w) = (shape[0], shape[1], shape[2], shape[3])
    var actual = actual
    if actual.count == 3, n == 1 { actual.insert(1, at: 0) }
    let fitsPlanes = actual == shape && layout != .nhwc
    let fitsPixels = actual == [n, h, w, c] && layout != .nchw
    let transposed = { () -> [Double] in
      var result: [Double] = []
      result.reserveCapacity(values.count)
      for image in 0..<n {
        for channel in 0..<c {
          for pixel in 0..<h * w { result.append(values[(image * h * w + pixel) * c + channel]) }
        }
      }
      return result
    }
    switch (fitsPlanes, fitsPixels) {
    case (false, false): return nil
    case (true, false): return values
    case (false, true): return transposed()
    case (true, true):
      let other = transposed()
      return distance(other, golden, name) < distance(values, golden, name) ? other : values
    }
  }

  private static func withoutOnes(_ shape: [Int]) -> [Int] { shape.filter { $0 != 1 } }

  /// The squared distance from the golden's values; 0 if it has none.
  private static func distance(_ values: [Double], _ golden: Golden, _ name: String) -> Double {
    guard let tap = golden.tap(name), tap.elementCount == values.count else { return 0 }
    return zip(tap.select(values), tap.stored).reduce(0) { sum, pair in
      sum + (pair.0 - Double(pair.1)) * (pair.0 - Double(pair.1))
    }
  }

  // MARK: Precision

  /// The narrowest format that has all values, and how many different ones there are.
  private static func precision(_ values: [Double]) -> (format: String?, distinct: Int) {
    var (isBfloat, isHalf) = (true, true)
    var seen: Set<Double> = []
    for value in values {
      if isBfloat, Double(HalfPrecision.float(bfloat: HalfPrecision.bfloat(value))) != value {
        isBfloat = false
      }
      if isHalf, Double(HalfPrecision.float(half: HalfPrecision.half(value))) != value { isHalf = false }
      if seen.count <= 256 { seen.insert(value) }
    }
    guard values.count >= 8 else { return (nil, seen.count) }
    return (isBfloat ? "bf16" : isHalf ? "f16" : nil, seen.count)
  }
}
