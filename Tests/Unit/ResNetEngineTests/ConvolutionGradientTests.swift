import ResNetArchitecture
import ResNetEngine
internal import SWTThreads
import Testing

/// Gradients of convolutions, compared with their definition.
@Suite struct ConvolutionGradientTests {
  struct Case: CustomTestStringConvertible, Sendable {
    let unit: ConvolutionUnit
    var testDescription: String {
      "\(unit.name): \(unit.kernel)×\(unit.kernel), stride \(unit.stride), groups \(unit.groups), "
        + "dilation \(unit.dilation)"
    }
  }

  static let cases: [Case] = {
    let architectures = [
      Architecture(
        block: .bottleneck, layers: [1, 2, 1, 1], groups: 2, widthPerGroup: 32, classCount: 3, basePlanes: 4,
        dilations: [1, 1, 2, 4]),
      Architecture(block: .basic, layers: [1, 1, 1, 1], classCount: 3, basePlanes: 3),
    ]
    var seen: Set<[Int]> = []
    return architectures.flatMap { LayerTree($0).convolutions }.filter { unit in
      seen.insert([unit.kernel, unit.stride, unit.groups, unit.dilation, unit.inputChannels]).inserted
    }.map(Case.init)
  }()

  private func numbers(_ count: Int, _ seed: UInt64) -> [Double] {
    var state = seed
    return (0..<count).map { _ in
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Double(state >> 33) / Double(1 << 30) - 1
    }
  }

  @Test(arguments: cases, [(1, 9, 8), (2, 13, 11)])
  func `weights and inputs get what the definition says`(item: Case, size: (Int, Int, Int)) {
    let unit = item.unit
    let (batch, height, width) = size
    let (rows, columns) = (unit.outputSize(height), unit.outputSize(width))
    let (inputs, outputs, k) = (
      unit.inputChannels / unit.groups, unit.outputChannels / unit.groups, unit.kernel
    )
    let weights = numbers(unit.weightShape.reduce(1, *), 1)
    let input = FeatureMap(
      shape: [batch, unit.inputChannels, height, width],
      values: numbers(batch * unit.inputChannels * height * width, 2))
    let gradient = FeatureMap(
      shape: [batch, unit.outputChannels, rows, columns],
      values: numbers(batch * unit.outputChannels * rows * columns, 3))
    var expectedWeights = [Double](repeating: 0, count: weights.count)
    var expectedInput = [Double](repeating: 0, count: input.values.count)
    for n in 0..<batch {
      for o in 0..<unit.outputChannels {
        for c in 0..<inputs {
          for (row, column) in (0..<rows * columns).map({ ($0 / columns, $0 % columns) }) {
            let g = gradient.values[((n * unit.outputChannels + o) * rows + row) * columns + column]
            for (ky, kx) in (0..<k * k).map({ ($0 / k, $0 % k) }) {
              let y = row * unit.stride + ky * unit.dilation - unit.padding
              let x = column * unit.stride + kx * unit.dilation - unit.padding
              guard (0..<height).contains(y), (0..<width).contains(x) else { continue }
              let from = ((n * unit.inputChannels + o / outputs * inputs + c) * height + y) * width + x
              let place = ((o * inputs + c) * k + ky) * k + kx
              expectedWeights[place] += g * input.values[from]
              expectedInput[from] += g * weights[place]
            }
          }
        }
      }
    }
    let found = ConvolutionGradient(unit, weights: weights, input: input, threads: ThreadPool(count: 2))
      .backward(gradient)
    func worst(_ a: [Double], _ b: [Double]) -> Double {
      a.count == b.count ? zip(a, b).map { abs($0 - $1) }.max() ?? 0 : .infinity
    }
    #expect(worst(found.weights, expectedWeights) < 1e-10)
    #expect(worst(found.input?.values ?? [], expectedInput) < 1e-10)
  }

  /// Rounded to fewer bits in each way; expected values from the formats' definitions.
  @Test(
    arguments: [
      (Rounding.Format.f16, Rounding.Mode.truncated, 1.0 + 0x1.8p-11, 1.0),
      (.f16, .nearest, 1.0 + 0x1.8p-11, 1.0 + 0x1p-10), (.f16, .truncated, -(1.0 + 0x1.8p-11), -1.0),
      (.f16, .truncated, 0x1.ffep-16, 0x1.ffp-16), (.f16, .flushed, 0x1.ffep-16, 0),
      (.f16, .flushed, 0x1p-14, 0x1p-14), (.f16, .nearest, 0x1.ffcp-16, 0x1p-15),
      (.bf16, .truncated, 1.0 + 0x1.fp-8, 1.0), (.bf16, .nearest, 1.0 + 0x1.fp-8, 1.0 + 0x1p-7),
      (.bf16, .truncated, 3.0, 3.0), (.f16, .truncated, 65519, 65504),
    ] as [(Rounding.Format, Rounding.Mode, Double, Double)])
  func `a value is rounded in the stated way`(
    format: Rounding.Format, mode: Rounding.Mode, value: Double, expected: Double
  ) {
    #expect(Rounding(format, .weights, mode: mode).nearest(value) == expected)
  }
}
