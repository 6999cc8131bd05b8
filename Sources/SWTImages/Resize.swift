extension RGBImage {
  /// Columns and rows of an image.
  struct Window {
    let columns: Range<Int>
    let rows: Range<Int>
  }

  /// The size after `torchvision.transforms.Resize(shortSide)`.
  ///
  /// - Throws: ``ImageFailure/tooLarge(width:height:)`` for a long and narrow image.
  func size(shortSide: Int) throws(ImageFailure) -> (width: Int, height: Int) {
    let (short, long) = (min(width, height), max(width, height))
    // Python's int(shortSide * long / short): the product is an integer, the quotient a float.
    let newLong = Int(Double(shortSide * long) / Double(short))
    let (newWidth, newHeight) = width <= height ? (shortSide, newLong) : (newLong, shortSide)
    guard newLong <= RGBImage.greatestPixelCount / shortSide else {
      throw .tooLarge(width: newWidth, height: newHeight)
    }
    return (newWidth, newHeight)
  }

  /// The image resized to a short side of `shortSide` pixels, bit-identical to
  /// `torchvision.transforms.Resize(shortSide)` of a PIL image.
  ///
  /// - Throws: ``ImageFailure/tooLarge(width:height:)`` for a long and narrow image.
  public func resized(shortSide: Int, _ filter: ResamplingFilter) throws(ImageFailure) -> RGBImage {
    let (width, height) = try size(shortSide: shortSide)
    return resized(width: width, height: height, filter)
  }

  /// PIL's `Image.resize`: first along rows, then along columns, with 8-bit pixels in between.
  public func resized(width: Int, height: Int, _ filter: ResamplingFilter) -> RGBImage {
    resized(width: width, height: height, filter, Window(columns: 0..<width, rows: 0..<height))
  }

  /// A part of the resized image: the same pixels, without computing the rest.
  func resized(
    width newWidth: Int, height newHeight: Int, _ filter: ResamplingFilter, _ window: Window
  ) -> RGBImage {
    let across = ResamplingWeights(width, to: newWidth, window: window.columns, filter)
    let down = ResamplingWeights(height, to: newHeight, window: window.rows, filter)
    let rows = down.inputs
    let wide = mixedColumns(across, rows)
    let done = RGBImage.mixedRows(wide, down, byteCount: 3 * window.columns.count, firstRow: rows.lowerBound)
    return RGBImage(width: window.columns.count, height: window.rows.count, pixels: done)
  }

  /// One half, so the shift rounds.
  private static let half = Int32(1) << (ResamplingWeights.fractionBits - 1)

  private static func byte(_ sum: Int32) -> UInt8 { UInt8(clamping: sum >> ResamplingWeights.fractionBits) }

  /// Mixes pixels of each of the rows: `[rows, runs, 3]`.
  private func mixedColumns(_ across: ResamplingWeights, _ rows: Range<Int>) -> [UInt8] {
    let runs = across.runs
    let count = 3 * rows.count * runs.count
    return unsafe [UInt8](unsafeUninitializedCapacity: count) { result, initialized in
      unsafe pixels.withUnsafeBufferPointer { pixels in
        unsafe across.weights.withUnsafeBufferPointer { weights in
          var place = 0
          for row in rows {
            for run in runs {
              var (red, green, blue) = (Self.half, Self.half, Self.half)
              var source = 3 * (row * width + run.first)
              for index in run.weights {
                let weight = unsafe weights[index]
                red &+= unsafe Int32(pixels[source]) &* weight
                green &+= unsafe Int32(pixels[source &+ 1]) &* weight
                blue &+= unsafe Int32(pixels[source &+ 2]) &* weight
                source &+= 3
              }
              unsafe result[place] = Self.byte(red)
              unsafe result[place &+ 1] = Self.byte(green)
              unsafe result[place &+ 2] = Self.byte(blue)
              place &+= 3
            }
          }
        }
      }
      initialized = count
    }
  }

  /// Mixes rows of `byteCount` bytes, of which `firstRow` is the first in `source`.
  private static func mixedRows(
    _ source: [UInt8], _ down: ResamplingWeights, byteCount: Int, firstRow: Int
  ) -> [UInt8] {
    let count = byteCount * down.runs.count
    var sums = [Int32](repeating: 0, count: byteCount)
    return unsafe [UInt8](unsafeUninitializedCapacity: count) { result, initialized in
      unsafe source.withUnsafeBufferPointer { source in
        unsafe sums.withUnsafeMutableBufferPointer { sums in
          for (y, run) in down.runs.enumerated() {
            for x in 0..<byteCount { unsafe sums[x] = half }
            for (step, index) in run.weights.enumerated() {
              let weight = down.weights[index]
              let start = (run.first + step - firstRow) * byteCount
              for x in 0..<byteCount { unsafe sums[x] &+= Int32(source[start &+ x]) &* weight }
            }
            for x in 0..<byteCount { unsafe result[y &* byteCount &+ x] = byte(sums[x]) }
          }
        }
      }
      initialized = count
    }
  }
}
