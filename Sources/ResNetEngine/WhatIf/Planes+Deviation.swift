internal import ResNetArchitecture
internal import SWTThreads

/// Operations with another padding or pooling, each made of the ordinary one.
extension Planes {
  /// A convolution with either padding.
  func convolved(
    _ unit: ConvolutionUnit, _ weights: [Double], _ threads: ThreadPool, padding: Deviation.Padding
  ) -> Planes {
    guard padding == .same, unit.stride > 1, unit.kernel > 1 else { return convolved(unit, weights, threads) }
    let reach = unit.dilation * (unit.kernel - 1) + 1
    return shifted(reach, unit.stride, unit.padding, by: 0) { $0.convolved(unit, weights, threads) }
  }

  func maxPooled(_ pool: PoolUnit, _ deviation: Deviation) -> Planes {
    if deviation.poolPadding ?? deviation.padding == .same {
      return shifted(pool.kernel, pool.stride, pool.padding, by: -.infinity) { $0.pooled(pool) }
    }
    // One more row and column that never win make the size that rounding up gives.
    return deviation.poolCeils
      ? padded(top: 0, left: 0, bottom: 1, right: 1, -.infinity).pooled(pool) : pooled(pool)
  }

  func pooled(_ pooling: Deviation.Pooling) -> Planes {
    let area = height * width
    func each(_ body: (ArraySlice<Double>) -> Double) -> Planes {
      Planes(
        channels: channels, height: 1, width: 1,
        values: (0..<channels).map { body(values[$0 * area..<($0 + 1) * area]) })
    }
    switch pooling {
    case .mean: return averaged()
    case .maximum: return each { $0.reduce(-.infinity) { $1 > $0 || $1.isNaN ? $1 : $0 } }
    case .sum: return each { $0.reduce(0, +) }
    case .firstPixel: return each { $0.first ?? 0 }
    }
  }

  /// SAME padding along the axes where it differs: a row of `value` more at the start moves every window by one, and
  /// the first window, which is now outside, is dropped.
  private func shifted(
    _ kernel: Int, _ stride: Int, _ padding: Int, by value: Double, _ body: (Planes) -> Planes
  ) -> Planes {
    func isShifted(_ size: Int) -> Bool {
      let total = max(0, ((size + stride - 1) / stride - 1) * stride + kernel - size)
      return total / 2 < padding
    }
    let (top, left) = (isShifted(height) ? 1 : 0, isShifted(width) ? 1 : 0)
    if top + left == 0 { return body(self) }
    return body(padded(top: top, left: left, bottom: 0, right: 0, value)).dropping(rows: top, columns: left)
  }

  private func padded(top: Int, left: Int, bottom: Int, right: Int, _ value: Double) -> Planes {
    var y = Planes(channels: channels, height: top + height + bottom, width: left + width + right, values: [])
    y.values = [Double](repeating: value, count: channels * y.height * y.width)
    for channel in 0..<channels {
      for row in 0..<height {
        let from = (channel * height + row) * width
        let to = (channel * y.height + row + top) * y.width + left
        y.values.replaceSubrange(to..<to + width, with: values[from..<from + width])
      }
    }
    return y
  }

  private func dropping(rows: Int, columns: Int) -> Planes {
    var y = Planes(channels: channels, height: height - rows, width: width - columns, values: [])
    for channel in 0..<channels {
      for row in rows..<height {
        let start = (channel * height + row) * width
        y.values += values[start + columns..<start + width]
      }
    }
    return y
  }
}
