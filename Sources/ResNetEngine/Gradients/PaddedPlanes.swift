internal import CKernels
internal import SWTThreads

/// Planes with zeros around them, and between their values if they stand for those of a convolution with a
/// stride.
///
/// A kernel's tap is then a shift of a whole plane, so all pixels are one long row.
struct PaddedPlanes {
  let channels, height, width: Int
  private(set) var values: [Double]

  /// Values after the last plane that kernels read and whose results nobody reads.
  private static let slack = 8

  /// The values of `planes` at rows and columns `margin + stride · i` of planes of `height` by `width`; those
  /// outside are left out.
  init(_ planes: Planes, margin: Int, stride: Int = 1, height: Int, width: Int) {
    (channels, self.height, self.width) = (planes.channels, height, width)
    values = [Double](repeating: 0, count: channels * height * width + Self.slack)
    unsafe values.withUnsafeMutableBufferPointer { output in
      unsafe planes.values.withUnsafeBufferPointer { input in
        for channel in 0..<planes.channels {
          for row in 0..<planes.height {
            let y = margin + row * stride
            if y < 0 || y >= height { continue }
            let from = (channel * planes.height + row) * planes.width
            let to = (channel * height + y) * width
            for column in 0..<planes.width {
              let x = margin + column * stride
              if x >= 0, x < width { unsafe output[to + x] = input[from + column] }
            }
          }
        }
      }
    }
  }

  /// Pixels that a unit of work computes: their inputs stay in the cache.
  private static let pixels = 512
  /// Channels that a unit of work computes.
  private static let rows = 64

  /// The sums over `inputs` channels of each group and over a kernel's taps, each tap `dilation` pixels after
  /// the one before.
  ///
  /// `weights` is `[out, inputs, kernel, kernel]`.
  func correlated(
    _ weights: [Double], outputs: Int, groups: Int, kernel: Int, dilation: Int, _ threads: ThreadPool
  ) -> Planes {
    let reach = dilation * (kernel - 1)
    let (rows, columns) = (height - reach, width - reach)
    let inputs = channels / groups
    let (perGroup, area) = (outputs / groups, height * width)
    // Rounded up to whole vectors: the rest of a row is dropped below.
    let length = ((rows - 1) * width + columns + 7) / 8 * 8
    var sums = [Double](repeating: 0, count: outputs * length)
    let blocks = (perGroup + Self.rows - 1) / Self.rows
    let tiles = (length + Self.pixels - 1) / Self.pixels
    unsafe sums.withUnsafeMutableBufferPointer { output in
      unsafe values.withUnsafeBufferPointer { input in
        unsafe weights.withUnsafeBufferPointer { weights in
          guard let y = output.baseAddress, let x = input.baseAddress,
            let w = weights.baseAddress
          else { return }
          nonisolated(unsafe) let shared = unsafe (y, x, w)
          threads.forEach(groups * blocks * tiles) { unit in
            let (group, block, tile) = (unit / tiles / blocks, unit / tiles % blocks, unit % tiles)
            let first = group * perGroup + block * Self.rows
            let start = tile * Self.pixels
            let taps = kernel * kernel
            for tap in 0..<taps {
              let shift = tap / kernel * dilation * width + tap % kernel * dilation
              var product = unsafe p2s_double_product(
                weights: shared.2 + first * inputs * taps + tap, weight_row: Int64(inputs * taps),
                weight_step: Int64(taps), x: shared.1 + group * inputs * area + shift + start,
                x_stride: Int64(area), y: shared.0 + first * length + start, y_stride: Int64(length),
                rows: Int32(min(Self.rows, perGroup - block * Self.rows)), depth: Int32(inputs),
                length: Int64(min(Self.pixels, length - start)))
              unsafe p2s_double_multiply(&product)
            }
          }
        }
      }
    }
    var result = Planes(channels: outputs, height: rows, width: columns, values: sums)
    if length == rows * columns { return result }
    result.values = []
    result.values.reserveCapacity(outputs * rows * columns)
    for channel in 0..<outputs {
      for row in 0..<rows {
        let from = channel * length + row * width
        result.values += sums[from..<from + columns]
      }
    }
    return result
  }

  /// Adds to `sums`, `[out, inputs, kernel, kernel]`, the sums over all pixels of each product of a plane of
  /// this, shifted by each tap, and a plane of `other`, which is as wide.
  func addProducts(
    _ other: PaddedPlanes, to sums: inout [Double], groups: Int, kernel: Int, dilation: Int,
    _ threads: ThreadPool
  ) {
    let (inputs, perGroup) = (channels / groups, other.channels / groups)
    let (area, otherArea) = (height * width, other.height * other.width)
    let blocks = (perGroup + Self.rows - 1) / Self.rows
    let reach = dilation * (kernel - 1)
    let length = min(otherArea, area - reach * width - reach)
    unsafe sums.withUnsafeMutableBufferPointer { output in
      unsafe values.withUnsafeBufferPointer { input in
        unsafe other.values.withUnsafeBufferPointer { other in
          guard let y = output.baseAddress, let x = input.baseAddress,
            let g = other.baseAddress
          else { return }
          nonisolated(unsafe) let shared = unsafe (y, x, g)
          threads.forEach(groups * blocks) { unit in
            let (group, block) = (unit / blocks, unit % blocks)
            let first = group * perGroup + block * Self.rows
            let taps = kernel * kernel
            for tap in 0..<taps {
              let shift = tap / kernel * dilation * width + tap % kernel * dilation
              for start in stride(from: 0, to: length, by: Self.pixels) {
                var dots = unsafe p2s_double_dots(
                  a: shared.2 + first * otherArea + start, a_stride: Int64(otherArea),
                  b: shared.1 + group * inputs * area + shift + start, b_stride: Int64(area),
                  sums: shared.0 + first * inputs * taps + tap, sum_row: Int64(inputs * taps),
                  sum_step: Int64(taps), rows: Int32(min(Self.rows, perGroup - block * Self.rows)),
                  columns: Int32(inputs), length: Int64(min(Self.pixels, length - start)))
                unsafe p2s_double_multiply_rows(&dots)
              }
            }
          }
        }
      }
    }
  }
}
