package import ResNetArchitecture
package import SWTThreads

/// Backpropagation through one convolution.
package struct ConvolutionGradient {
  private let unit: ConvolutionUnit
  private let weights: [Double]
  private let input: FeatureMap<Double>
  private let threads: ThreadPool

  /// - Parameters:
  ///   - unit: The convolution.
  ///   - weights: `[out, in / groups, k, k]`.
  ///   - input: `[N, in, h, w]`.
  ///   - threads: The threads that compute.
  package init(
    _ unit: ConvolutionUnit, weights: [Double], input: FeatureMap<Double>, threads: ThreadPool
  ) {
    (self.unit, self.weights, self.input, self.threads) = (unit, weights, input, threads)
  }

  /// - Parameters:
  ///   - gradient: With respect to the output before the norm, `[N, out, h', w']`.
  ///   - needsInput: Whether the gradient with respect to the input is computed.
  /// - Returns: The gradients with respect to the weights and to the input.
  package func backward(
    _ gradient: FeatureMap<Double>, needsInput: Bool = true
  ) -> (weights: [Double], input: FeatureMap<Double>?) {
    var sums = [Double](repeating: 0, count: weights.count)
    var values: [Double] = []
    let turned = needsInput ? turnedWeights() : []
    for image in 0..<input.shape[0] {
      let gradient = planes(gradient, image)
      addWeights(planes(input, image), gradient, to: &sums)
      if needsInput { values += inputGradient(gradient, turned).values }
    }
    return (sums, needsInput ? FeatureMap(shape: input.shape, values: values) : nil)
  }

  private func planes(_ map: FeatureMap<Double>, _ image: Int) -> Planes {
    let size = map.shape.dropFirst().reduce(1, *)
    return Planes(
      channels: map.shape[1], height: map.shape[2], width: map.shape[3],
      values: Array(map.values[image * size..<(image + 1) * size]))
  }

  /// Pixels between the first and the last tap of a kernel.
  private var reach: Int { unit.dilation * (unit.kernel - 1) }

  private func addWeights(_ input: Planes, _ gradient: Planes, to sums: inout [Double]) {
    if unit.kernel == 1, unit.padding == 0 {
      // Pixels do not meet.
      let taken = input.strided(by: unit.stride)
      let (x, g) = (taken.inOneRow, gradient.inOneRow)
      PaddedPlanes(x, margin: 0, height: 1, width: x.width).addProducts(
        PaddedPlanes(g, margin: 0, height: 1, width: g.width), to: &sums, groups: unit.groups, kernel: 1,
        dilation: 1, threads)
      return
    }
    // Zeros between the gradient's values make it that of a convolution without stride.
    let (height, width) = (input.height + 2 * unit.padding, input.width + 2 * unit.padding)
    let padded = PaddedPlanes(input, margin: unit.padding, height: height, width: width)
    let spread = PaddedPlanes(
      gradient, margin: 0, stride: unit.stride, height: height - reach, width: width)
    padded.addProducts(
      spread, to: &sums, groups: unit.groups, kernel: unit.kernel, dilation: unit.dilation, threads)
  }

  /// The gradient correlated with the kernels turned by 180°.
  private func inputGradient(_ gradient: Planes, _ turned: [Double]) -> Planes {
    PaddedPlanes(
      gradient, margin: reach - unit.padding, stride: unit.stride, height: input.shape[2] + reach,
      width: input.shape[3] + reach
    ).correlated(
      turned, outputs: unit.inputChannels, groups: unit.groups, kernel: unit.kernel,
      dilation: unit.dilation, threads)
  }

  /// `[in, out / groups, k, k]`, turned by 180°.
  private func turnedWeights() -> [Double] {
    let (inputs, outputs) = (unit.inputChannels / unit.groups, unit.outputChannels / unit.groups)
    let taps = unit.kernel * unit.kernel
    var turned = [Double](repeating: 0, count: weights.count)
    for group in 0..<unit.groups {
      for o in 0..<outputs {
        for c in 0..<inputs {
          let from = ((group * outputs + o) * inputs + c) * taps
          let to = ((group * inputs + c) * outputs + o) * taps
          for tap in 0..<taps { turned[to + tap] = weights[from + taps - 1 - tap] }
        }
      }
    }
    return turned
  }
}
