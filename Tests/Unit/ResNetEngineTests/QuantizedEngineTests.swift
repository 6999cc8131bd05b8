import ResNetArchitecture
import ResNetEngine
internal import SWTThreads
import TestSupport
import Testing

/// The integer engine: every form of its kernels gives the same integers, whatever multiplies.
@Suite struct QuantizedEngineTests {
  @Test(arguments: 0..<24 as Range<UInt64>)
  func `tiles and vectors give the same integers`(seed: UInt64) throws {
    var random = Noise(seed: seed)
    let architecture = Architecture.quantizable(&random)
    try #require(architecture.isConsistent)
    let tree = LayerTree(architecture)
    let network = try QuantizedNetwork.random(tree, &random)
    let least = Int.random(in: 20...50, using: &random)
    let rows = try #require((least...4096).first { tree.accepts(imageSize: $0) })
    let columns = try #require(
      (Int.random(in: 20...50, using: &random)...4096).first { tree.accepts(imageSize: $0) })
    let input = FeatureMap<Float>(
      shape: [1, architecture.inputChannels, rows, columns],
      values: Array(random.floats(architecture.inputChannels * rows * columns, in: -2..<2)))
    for backend in QuantizedBackend.allCases {
      var first: ForwardResult<Float>?
      for isa in EngineTests.supported {
        for threads in isa == .amxEmulated ? [1, 3] : [1] {
          let engine = try QuantizedEngine(
            network, backend, threads: ThreadPool(count: threads), instructions: isa)
          let result = try engine.run(input, taps: Set(tree.tapNames))
          let expected = first ?? result
          for tap in tree.tapNames {
            #expect(
              result.taps[tap] == expected.taps[tap],
              "\(architecture.name), \(rows)×\(columns), \(backend), \(isa), \(threads) threads: \(tap)")
          }
          #expect(result.output == expected.output)
          first = expected
        }
      }
    }
  }

  /// 3×3 taps of 7,310 channels are 65,790 products; of 7,311, 65,799, and the limit is 65,793.
  @Test func `the largest sums are exact, and larger ones are refused`() throws {
    func network(_ channels: Int) throws -> QuantizedNetwork {
      let tree = LayerTree(
        Architecture(
          block: .basic, layers: [1], classCount: 1, basePlanes: 4, stemChannels: 4,
          stem: .deep([channels, 2])))
      let numbers = try QuantizationNumbers("test", scale: 1, zero: 0)
      var layers: [String: QuantizedLayer] = [:]
      for unit in tree.convolutions {
        let (filters, count) = (unit.weightShape[0], unit.weightShape.reduce(1, *))
        // The first convolution gives 255 everywhere.
        let isSecond = unit.weightShape[1] == channels
        layers[unit.name] = QuantizedLayer(
          weights: Array(repeating: 127, count: count),
          scales: Array(repeating: isSecond ? 0x1p-24 : 1, count: filters),
          bias: Array(repeating: 0, count: filters), output: numbers)
      }
      layers["fc"] = QuantizedLayer(weights: [1, 1, 1, 1], scales: [1], bias: [0], output: numbers)
      let sums = Dictionary(tree.blocks.map { ($0.name, numbers) }, uniquingKeysWith: { first, _ in first })
      return try QuantizedNetwork(tree, input: numbers, layers: layers, sums: sums)
    }
    let least = try network(7310)
    let input = FeatureMap<Float>(shape: [1, 3, 32, 32], values: Array(repeating: 255, count: 3 * 32 * 32))
    for backend in QuantizedBackend.allCases {
      for isa in EngineTests.supported {
        let engine = try QuantizedEngine(least, backend, threads: EngineTests.threads, instructions: isa)
        let stem = least.tree.stem.units[1].name
        let map = try #require(try engine.run(input, taps: [stem]).taps[stem])
        // 65,790 · 127 · 255 · 2^-24 is 126.99; the first row has two thirds of the taps.
        #expect(map.values[16 * 8 + 8] == 127, "\(backend), \(isa)")
        #expect(map.values[8] == 85, "\(backend), \(isa)")
      }
    }
    let most = try network(7311)
    #expect(throws: InferenceError.self) { try QuantizedEngine(most, .x86) }
  }

  /// Outputs that are all 0 or 255 would be equal whatever the sums are.
  @Test func `the integers of the tests are spread`() throws {
    var random = Noise(seed: 7)
    let tree = LayerTree(Architecture.quantizable(&random))
    let network = try QuantizedNetwork.random(tree, &random)
    let size = try #require((40...4096).first { tree.accepts(imageSize: $0) })
    let input = FeatureMap<Float>(
      shape: [1, 3, size, size], values: Array(random.floats(3 * size * size, in: -2..<2)))
    let engine = try QuantizedEngine(network, .x86, instructions: .portable)
    for (tap, map) in try engine.run(input, taps: Set(tree.tapNames)).taps where map.shape.count == 4 {
      #expect(Set(map.values).count > 40, "\(tap)")
      #expect(map.values.count { $0 == 255 } < map.values.count / 5, "\(tap)")
    }
  }
}

extension Architecture {
  /// A small network of layers that quantized networks have, with groups of all sizes that kernels tell apart.
  fileprivate static func quantizable(_ random: inout Noise) -> Architecture {
    func number(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &random) }
    let stages = number(1...3)
    let isBasic = number(0...3) == 0
    let groups = isBasic ? 1 : [1, 2, 3, 4, 8][number(0...4)]
    let perGroup = [4, 8, 12, 16, 20, 32, 64][number(0...6)]
    let base = [16, 20, 32, 64][number(0...3)]
    var architecture = Architecture(
      block: isBasic ? .basic : .bottleneck, layers: (0..<stages).map { _ in number(1...2) }, groups: groups,
      widthPerGroup: isBasic ? 64 : (perGroup * 64 + base - 1) / base, classCount: number(1...40),
      basePlanes: base, stemChannels: [16, 24, 32, 64, 70][number(0...4)],
      stem: [.conv7x7, .conv3x3, .deep([number(2...20), number(2...33)])][number(0...2)],
      strideOn: Bool.random(using: &random) ? .conv1 : .conv2)
    if number(0...2) == 0 {
      architecture.dilate(
        (0..<stages).map { _ in number(1...3) }, first: (0..<stages).map { _ in number(1...3) })
    }
    if number(0...2) == 0 { architecture.strides = (0..<stages).map { _ in number(1...3) } }
    return architecture
  }
}

extension QuantizedNetwork {
  /// Random integers of all sizes, with scales that keep outputs in 0...255.
  fileprivate static func random(_ tree: LayerTree, _ random: inout Noise) throws -> QuantizedNetwork {
    func numbers(_ scale: Double) throws -> QuantizationNumbers {
      try QuantizationNumbers(
        "test", scale: scale * Double.random(in: 0.5...2, using: &random),
        zero: Int.random(in: 0...255, using: &random))
    }
    func layer(_ shape: [Int]) throws -> QuantizedLayer {
      let terms = shape.dropFirst().reduce(1, *)
      // Inputs deviate by about 80 · 2^-5, weights by 74: sums by as much times the root of their number.
      let scale = 0x1p-5 / (80 * Double(terms).squareRoot())
      return QuantizedLayer(
        weights: (0..<shape[0] * terms).map { _ in Int8.random(in: -128...127, using: &random) },
        scales: (0..<shape[0]).map { _ in Float(scale * Double.random(in: 16...64, using: &random)) },
        bias: Array(random.floats(shape[0], in: -1..<1)), output: try numbers(0x1p-5))
    }
    var layers: [String: QuantizedLayer] = [:]
    for unit in tree.convolutions { layers[unit.name] = try layer(unit.weightShape) }
    if let head = tree.head { layers[head.name] = try layer([head.outputFeatures, head.inputFeatures]) }
    var sums: [String: QuantizationNumbers] = [:]
    for block in tree.blocks { sums[block.name] = try numbers(0x1p-5) }
    return try QuantizedNetwork(tree, input: try numbers(0x1p-6), layers: layers, sums: sums)
  }
}
