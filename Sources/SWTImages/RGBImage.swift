/// An 8-bit RGB image, row by row from the top.
public struct RGBImage: Equatable, Sendable {
  /// Pixels in a row.
  public let width: Int
  /// Rows.
  public let height: Int
  /// `3 · width · height` bytes.
  public let pixels: [UInt8]

  /// - Precondition: There are `3 · width · height` bytes.
  public init(width: Int, height: Int, pixels: [UInt8]) {
    precondition(width > 0 && height > 0 && pixels.count == 3 * width * height, "size and pixels differ")
    self.width = width
    self.height = height
    self.pixels = pixels
  }

  /// PIL's limit against decompression bombs: files of a few kilobytes may claim more pixels than this.
  ///
  /// Source: twice `Image.MAX_IMAGE_PIXELS`, at which PIL raises an error.
  public static let greatestPixelCount = 2 * 89_478_485
}
