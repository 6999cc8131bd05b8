/// Means and variances of the channels that a BatchNorm reads, of a batch and of its parts.
package struct ChannelStatistics: Sendable {
  /// Of each channel.
  package struct Moments: Sendable {
    package private(set) var means: [Double] = []
    package private(set) var variances: [Double] = []

    /// Of the sums of a convolution, to which it adds `bias`.
    init(_ images: [Planes], bias: [Double]?) {
      let area = images[0].height * images[0].width
      let count = Double(area * images.count)
      for channel in 0..<images[0].channels {
        let range = channel * area..<(channel + 1) * area
        let mean = images.reduce(0) { $1.values[range].reduce($0, +) } / count
        let squares = images.reduce(0) { sum, image in
          image.values[range].reduce(sum) { $0 + ($1 - mean) * ($1 - mean) }
        }
        means.append(mean + (bias?[channel] ?? 0))
        variances.append(squares / count)
      }
    }
  }

  /// Of the whole batch.
  package let batch: Moments
  /// Of each picture; of a single one, of its quarters. What they differ by tells how far the batch's may be
  /// from those of many pictures.
  package let parts: [Moments]

  init(_ images: [Planes], batch: Moments, bias: [Double]?) {
    self.batch = batch
    parts = (images.count > 1 ? images : images.flatMap(\.quarters)).map { Moments([$0], bias: bias) }
  }
}

extension Planes {
  /// The four quarters; none of a map that is too small for them.
  fileprivate var quarters: [Planes] {
    guard height > 1, width > 1 else { return [] }
    return [0..<height / 2, height / 2..<height].flatMap { rows in
      [0..<width / 2, width / 2..<width].map { columns in
        var part = Planes(channels: channels, height: rows.count, width: columns.count, values: [])
        for channel in 0..<channels {
          for row in rows {
            let start = (channel * height + row) * width
            part.values += values[start + columns.lowerBound..<start + columns.upperBound]
          }
        }
        return part
      }
    }
  }
}
