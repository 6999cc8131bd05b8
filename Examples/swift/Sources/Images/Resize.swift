extension Image {
  /// The image resized to a short side of `shortSide` pixels, bit-identical to
  /// `torchvision.transforms.Resize(shortSide)` of a PIL image.
  ///
  /// - Throws: ``ImageError/tooLarge(width:height:)`` for a long and narrow image.
  public func resized(shortSide: Int, _ filter: Filter) throws(ImageError) -> Image {
    let (short, long) = (min(width, height), max(width, height))
    // Python's int(shortSide * long / short): the product is an integer, the quotient a float.
    let newLong = Int(Double(shortSide * long) / Double(short))
    let (newWidth, newHeight) = width <= height ? (shortSide, newLong) : (newLong, shortSide)
    guard newLong <= Image.greatestPixelCount / shortSide else {
      throw .tooLarge(width: newWidth, height: newHeight)
    }
    return resized(width: newWidth, height: newHeight, filter)
  }

  /// PIL's `Image.resize`: first along rows, then along columns, with 8-bit pixels in between.
  public func resized(width newWidth: Int, height newHeight: Int, _ filter: Filter) -> Image {
    let wide = Image.mix(
      pixels, Taps.resizing(width, to: newWidth, filter), lines: height,
      from: Steps(line: 3 * width, pixel: 3), to: Steps(line: 3 * newWidth, pixel: 3))
    let done = Image.mix(
      wide, Taps.resizing(height, to: newHeight, filter), lines: newWidth,
      from: Steps(line: 3, pixel: 3 * newWidth), to: Steps(line: 3, pixel: 3 * newWidth))
    return Image(width: newWidth, height: newHeight, pixels: done)
  }

  /// Distances in bytes between lines, and between pixels of a line; lines are rows or columns.
  private struct Steps {
    let line: Int
    let pixel: Int
  }

  /// Resamples each line.
  private static func mix(
    _ source: [UInt8], _ taps: [Taps], lines: Int, from: Steps, to: Steps
  ) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: 3 * lines * taps.count) { result, count in
      for line in 0..<lines {
        for (pixel, tap) in taps.enumerated() {
          for channel in 0..<3 {
            var place = line * from.line + tap.first * from.pixel + channel
            var sum = 1 << (Taps.fractionBits - 1)  // one half, so that the shift rounds
            for weight in tap.weights {
              sum += Int(source[place]) * weight
              place += from.pixel
            }
            result[line * to.line + pixel * to.pixel + channel] = UInt8(clamping: sum >> Taps.fractionBits)
          }
        }
      }
      count = 3 * lines * taps.count
    }
  }
}
