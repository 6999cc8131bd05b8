internal import ResNetArchitecture
internal import SWTThreads

/// One image's feature map `[C, H, W]` in double precision: what the reference engine computes with.
struct Planes: Sendable {
  var channels, height, width: Int
  var values: [Double]

  /// Pooling by windows; padding never wins a maximum, NaN always comes out.
  func pooled(_ pool: PoolUnit) -> Planes {
    if pool.kind == .blur { return blurred(pool) }
    var y = Planes(
      channels: channels, height: pool.outputSize(height), width: pool.outputSize(width), values: [])
    for channel in 0..<channels {
      for row in 0..<y.height {
        for column in 0..<y.width {
          var (best, sum, count) = (-Double.infinity, 0.0, 0)
          for ky in 0..<pool.kernel {
            let iy = row * pool.stride + ky - pool.padding
            if iy < 0 || iy >= height { continue }
            for kx in 0..<pool.kernel {
              let ix = column * pool.stride + kx - pool.padding
              if ix < 0 || ix >= width { continue }
              count += 1
              let value = values[(channel * height + iy) * width + ix]
              if value > best || value.isNaN { best = value }
              sum += value
            }
          }
          if pool.kind == .zeroPaddedAverage { count = pool.kernel * pool.kernel }
          y.values.append(pool.kind == .maximum ? best : sum / Double(count))
        }
      }
    }
    return y
  }

  /// The binomial filter, whose windows are reflected at the border.
  private func blurred(_ pool: PoolUnit) -> Planes {
    var y = Planes(
      channels: channels, height: pool.outputSize(height), width: pool.outputSize(width), values: [])
    func reflected(_ place: Int, _ size: Int) -> Int {
      let place = place < 0 ? -place : place
      return max(0, min(size - 1, place < size ? place : 2 * size - 2 - place))
    }
    for channel in 0..<channels {
      for row in 0..<y.height {
        for column in 0..<y.width {
          var sum = 0.0
          for (ky, wy) in [1.0, 2, 1].enumerated() {
            let iy = reflected(row * pool.stride + ky - pool.padding, height)
            for (kx, wx) in [1.0, 2, 1].enumerated() {
              let ix = reflected(column * pool.stride + kx - pool.padding, width)
              sum += wy * wx * values[(channel * height + iy) * width + ix]
            }
          }
          y.values.append(sum / 16)
        }
      }
    }
    return y
  }

  /// Every second pixel or so, between channels of zeros.
  func padded(_ shortcut: PaddedShortcut) -> Planes {
    var y = Planes(
      channels: shortcut.before + channels + shortcut.after, height: shortcut.outputSize(height),
      width: shortcut.outputSize(width), values: [])
    let area = y.height * y.width
    y.values = [Double](repeating: 0, count: y.channels * area)
    for channel in 0..<channels {
      for row in 0..<y.height {
        for column in 0..<y.width {
          y.values[(shortcut.before + channel) * area + row * y.width + column] =
            values[(channel * height + row * shortcut.stride) * width + column * shortcut.stride]
        }
      }
    }
    return y
  }

  /// The mean of each plane.
  func averaged() -> Planes {
    let area = height * width
    let means = (0..<channels).map { channel in
      values[channel * area..<(channel + 1) * area].reduce(0, +) / Double(area)
    }
    return Planes(channels: channels, height: 1, width: 1, values: means)
  }

  /// The plain convolution sum, without bias. `weights` is `[out, in / groups, k, k]`.
  ///
  /// Without stride, all products of one tap are one product of matrices; that would spread a weight that is
  /// not finite to where its tap is outside.
  func convolved(_ unit: ConvolutionUnit, _ weights: [Double], _ threads: ThreadPool) -> Planes {
    if unit.kernel == 1, unit.padding == 0, height > 1 || width > 1 {
      // Pixels do not meet: one long row is faster than many short ones.
      let taken = strided(by: unit.stride)
      let row = taken.inOneRow
      var y = PaddedPlanes(row, margin: 0, height: 1, width: row.width).correlated(
        weights, outputs: unit.outputChannels, groups: unit.groups, kernel: 1, dilation: 1, threads)
      (y.height, y.width) = (taken.height, taken.width)
      return y
    }
    if unit.stride == 1, weights.allSatisfy(\.isFinite) {
      return PaddedPlanes(
        self, margin: unit.padding, height: height + 2 * unit.padding, width: width + 2 * unit.padding
      ).correlated(
        weights, outputs: unit.outputChannels, groups: unit.groups, kernel: unit.kernel,
        dilation: unit.dilation, threads)
    }
    return convolvedByRows(unit, weights, threads)
  }

  /// All values of each plane as one row.
  var inOneRow: Planes { Planes(channels: channels, height: 1, width: height * width, values: values) }

  /// The values at multiples of `stride`.
  func strided(by stride: Int) -> Planes {
    if stride == 1 { return self }
    var y = Planes(
      channels: channels, height: (height + stride - 1) / stride, width: (width + stride - 1) / stride,
      values: [])
    y.values.reserveCapacity(channels * y.height * y.width)
    for channel in 0..<channels {
      for row in 0..<y.height {
        let start = (channel * height + row * stride) * width
        for column in 0..<y.width { y.values.append(values[start + column * stride]) }
      }
    }
    return y
  }

  /// Row by row: each weight times a row of the input is added to a row of the output. Unsafe buffers only
  /// because bounds checks would make it ten times slower.
  private func convolvedByRows(
    _ unit: ConvolutionUnit, _ weights: [Double], _ threads: ThreadPool
  ) -> Planes {
    let (rows, columns) = (unit.outputSize(height), unit.outputSize(width))
    let area = rows * columns
    var sums = [Double](repeating: 0, count: unit.outputChannels * area)
    unsafe sums.withUnsafeMutableBufferPointer { output in
      unsafe values.withUnsafeBufferPointer { input in
        unsafe weights.withUnsafeBufferPointer { weights in
          nonisolated(unsafe) let shared = unsafe (output, input, weights)
          threads.forEach(unit.outputChannels) { channel in
            unsafe convolveChannel(
              channel, unit, weights: shared.2, input: shared.1, height: rows, width: columns,
              into: UnsafeMutableBufferPointer(rebasing: shared.0[channel * area..<(channel + 1) * area]))
          }
        }
      }
    }
    return Planes(channels: unit.outputChannels, height: rows, width: columns, values: sums)
  }

  /// One output channel, `rows` by `columns`.
  private func convolveChannel(
    _ channel: Int, _ unit: ConvolutionUnit, weights: UnsafeBufferPointer<Double>,
    input: UnsafeBufferPointer<Double>, height rows: Int, width columns: Int,
    into output: UnsafeMutableBufferPointer<Double>
  ) {
    let inputs = unit.inputChannels / unit.groups
    let group = channel / (unit.outputChannels / unit.groups)
    for c in 0..<inputs {
      let plane = (group * inputs + c) * height * width
      for ky in 0..<unit.kernel {
        for kx in 0..<unit.kernel {
          let weight = unsafe weights[((channel * inputs + c) * unit.kernel + ky) * unit.kernel + kx]
          // Output columns whose input column x·stride + kx·dilation − padding lies inside.
          let shift = kx * unit.dilation - unit.padding
          let first = shift < 0 ? (-shift + unit.stride - 1) / unit.stride : 0
          let end = width - shift <= 0 ? 0 : min(columns, (width - shift - 1) / unit.stride + 1)
          if first >= end { continue }
          for row in 0..<rows {
            let iy = row * unit.stride + ky * unit.dilation - unit.padding
            if iy < 0 || iy >= height { continue }
            let from = plane + iy * width + first * unit.stride + shift
            let to = row * columns + first
            if unit.stride == 1 {
              for i in 0..<end - first { unsafe output[to + i] += weight * input[from + i] }
            } else {
              for i in 0..<end - first {
                unsafe output[to + i] += weight * input[from + i * unit.stride]
              }
            }
          }
        }
      }
    }
  }
}
