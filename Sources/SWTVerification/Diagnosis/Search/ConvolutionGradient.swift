internal import ResNetArchitecture
internal import ResNetEngine

/// Backpropagation through one convolution.
struct ConvolutionGradient {
  let unit: ConvolutionUnit
  /// `[out, in / groups, k, k]`
  let weights: [Double]
  /// `[N, in, h, w]`
  let input: FeatureMap<Double>

  /// - Parameter gradient: With respect to the output before the norm, `[N, out, h', w']`.
  /// - Returns: The gradients with respect to the weights and to the input.
  func backward(_ gradient: FeatureMap<Double>) -> (weights: [Double], input: FeatureMap<Double>) {
    var weightGradient = [Double](repeating: 0, count: weights.count)
    var inputGradient = FeatureMap<Double>(shape: input.shape)
    let (height, width) = (input.shape[2], input.shape[3])
    let (rows, columns) = (gradient.shape[2], gradient.shape[3])
    let inputs = unit.inputChannels / unit.groups
    let outputs = unit.outputChannels / unit.groups
    let k = unit.kernel
    for n in 0..<input.shape[0] {
      for o in 0..<unit.outputChannels {
        let target = (n * unit.outputChannels + o) * rows * columns
        for c in 0..<inputs {
          let source = (n * unit.inputChannels + o / outputs * inputs + c) * height * width
          for ky in 0..<k {
            for kx in 0..<k {
              let place = ((o * inputs + c) * k + ky) * k + kx
              let weight = weights[place]
              // Columns whose input is inside the image.
              let shift = kx - unit.padding
              let first = shift < 0 ? (-shift + unit.stride - 1) / unit.stride : 0
              let end = width - shift <= 0 ? 0 : min(columns, (width - shift - 1) / unit.stride + 1)
              if first >= end { continue }
              var sum = 0.0
              for row in 0..<rows {
                let y = row * unit.stride + ky - unit.padding
                if y < 0 || y >= height { continue }
                var from = source + y * width + first * unit.stride + shift
                for column in first..<end {
                  let g = gradient.values[target + row * columns + column]
                  sum += g * input.values[from]
                  inputGradient.values[from] += g * weight
                  from += unit.stride
                }
              }
              weightGradient[place] += sum
            }
          }
        }
      }
    }
    return (weightGradient, inputGradient)
  }
}
