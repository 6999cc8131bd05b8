extension RGBImage {
  /// The square in the center, as cropped by `torchvision.transforms.CenterCrop(side)`: half of an odd margin
  /// is rounded to even, and an image that is too small gets a black border.
  public func centerCropped(_ side: Int) -> RGBImage {
    let (left, top) = (Self.start(of: side, in: width), Self.start(of: side, in: height))
    let window = Self.window(left, top, side, width, height)
    var pixels: [UInt8] = []
    pixels.reserveCapacity(3 * window.columns.count * window.rows.count)
    for y in window.rows {
      let row = 3 * y * width
      pixels += self.pixels[row + 3 * window.columns.lowerBound..<row + 3 * window.columns.upperBound]
    }
    let part = RGBImage(width: window.columns.count, height: window.rows.count, pixels: pixels)
    return part.bordered(side, left: max(-left, 0), top: max(-top, 0))
  }

  /// ``resized(shortSide:_:)``, then ``centerCropped(_:)``: the same pixels, without computing the rest.
  ///
  /// - Throws: ``ImageFailure/tooLarge(width:height:)`` for a long and narrow image.
  public func resized(
    shortSide: Int, crop side: Int, _ filter: ResamplingFilter
  ) throws(ImageFailure) -> RGBImage {
    let (width, height) = try size(shortSide: shortSide)
    let (left, top) = (Self.start(of: side, in: width), Self.start(of: side, in: height))
    let window = Self.window(left, top, side, width, height)
    let part = resized(width: width, height: height, filter, window)
    return part.bordered(side, left: max(-left, 0), top: max(-top, 0))
  }

  /// The part of the crop that is in the image.
  private static func window(_ left: Int, _ top: Int, _ side: Int, _ width: Int, _ height: Int) -> Window {
    Window(
      columns: max(left, 0)..<min(left + side, width), rows: max(top, 0)..<min(top + side, height))
  }

  /// The image on a black square.
  private func bordered(_ side: Int, left: Int, top: Int) -> RGBImage {
    if width == side, height == side { return self }
    var result = [UInt8](repeating: 0, count: 3 * side * side)
    for y in 0..<height {
      let target = 3 * ((top + y) * side + left)
      result.replaceSubrange(target..<target + 3 * width, with: pixels[3 * y * width..<3 * (y + 1) * width])
    }
    return RGBImage(width: side, height: side, pixels: result)
  }

  /// The first pixel of the crop along one side; negative if a border is needed.
  private static func start(of side: Int, in length: Int) -> Int {
    if length < side { return -((side - length) / 2) }
    return Int((Double(length - side) / 2).rounded(.toNearestOrEven))
  }
}
