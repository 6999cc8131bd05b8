extension Image {
  /// The square in the center, as cropped by `torchvision.transforms.CenterCrop(side)`: half of an odd margin
  /// is rounded to even, and an image that is too small gets a black border.
  public func centerCropped(_ side: Int) -> Image {
    let (left, top) = (Image.start(of: side, in: width), Image.start(of: side, in: height))
    let columns = max(left, 0)..<min(left + side, width)
    var result = [UInt8](repeating: 0, count: 3 * side * side)
    for y in max(top, 0)..<min(top + side, height) {
      let source = 3 * (y * width + columns.lowerBound)
      let target = 3 * ((y - top) * side + columns.lowerBound - left)
      let count = 3 * columns.count
      result.replaceSubrange(target..<target + count, with: pixels[source..<source + count])
    }
    return Image(width: side, height: side, pixels: result)
  }

  /// The first pixel of the crop along one side; negative if a border is needed.
  private static func start(of side: Int, in length: Int) -> Int {
    if length < side { return -((side - length) / 2) }
    return Int((Double(length - side) / 2).rounded(.toNearestOrEven))
  }
}
