internal import ResNetArchitecture
internal import SWTTensors

/// What reduced numbers do to a convolution's weights and inputs, in double precision and plain loops: the
/// second witness of the reduced engine, which shares no kernel and no packing with it.
struct Emulation: Sendable {
  let precision: ComputePrecision
  /// Names of the convolutions that it is about.
  let layers: Set<String>
  /// Those of them whose sums have the order and the roundings of tiles.
  let tileLayers: Set<String>
  /// Names of the stages whose output, and what it is added to, is rounded to bfloat16.
  let bfloatStages: Set<String>

  /// What the stage after it reads.
  func output(_ x: Planes, ofStage name: String) -> Planes {
    guard bfloatStages.contains(name) else { return x }
    var x = x
    for i in x.values.indices { x.values[i] = Self.bfloat(x.values[i]) }
    return x
  }

  /// The values that the engine's weights stand for.
  func weights(_ unit: ConvolutionUnit, from source: some WeightSource) throws -> [Double] {
    let name = "\(unit.name).weight"
    let size = unit.weightShape.dropFirst().reduce(1, *)
    guard layers.contains(unit.name) else {
      return try source.doubles(name, count: size * unit.outputChannels)
    }
    if precision == .i8, let stored = try source.integers(name) {
      return stored.values.enumerated().map { Double($1) * stored.scales[$0 / size] }
    }
    var weights = try source.doubles(name, count: size * unit.outputChannels)
    switch precision {
    case .f32: break
    case .bf16: for i in weights.indices { weights[i] = Self.bfloat(weights[i]) }
    case .i8:
      for filter in 0..<unit.outputChannels {
        let range = filter * size..<(filter + 1) * size
        let largest = weights[range].reduce(0) { $1.isNaN || $0.isNaN ? .nan : max($0, $1.magnitude) }
        let scale = largest == 0 ? 1 : Double(max(Float(largest / 127), .leastNonzeroMagnitude))
        for i in range {
          weights[i] = scale * min(max((weights[i] / scale).rounded(.toNearestOrEven), -127), 127)
        }
      }
    }
    return weights
  }

  /// The values that the engine's convolution `unit` reads.
  func input(_ x: Planes, of unit: ConvolutionUnit) -> Planes {
    guard layers.contains(unit.name) else { return x }
    var x = x
    switch precision {
    case .f32: break
    case .bf16: for i in x.values.indices { x.values[i] = Self.bfloat(x.values[i]) }
    case .i8:
      var largest = 0.0
      for value in x.values where !(value.magnitude <= largest) {
        largest = value.isNaN ? .infinity : value.magnitude
      }
      let scale = largest.isFinite ? largest / 255 : .nan
      for i in x.values.indices {
        let steps = scale == 0 ? 0 : (x.values[i] / scale).rounded(.toNearestOrEven)
        x.values[i] = scale * min(max(steps, 0), 255)
      }
    }
    return x
  }

  private static func bfloat(_ value: Double) -> Double {
    Double(HalfPrecision.float(bfloat: HalfPrecision.bfloat(value)))
  }
}
