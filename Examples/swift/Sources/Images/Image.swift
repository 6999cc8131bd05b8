/// An 8-bit RGB image, row by row from the top.
public struct Image: Equatable, Sendable {
  public let width: Int
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

/// Why an image could not be decoded or resized.
public enum ImageError: Error, Equatable, CustomStringConvertible {
  case unreadable
  case unknownFormat(firstBytes: [UInt8])
  /// The message of libjpeg or libpng.
  case damaged(String)
  case tooLarge(width: Int, height: Int)

  public var description: String {
    switch self {
    case .unreadable: "cannot be read"
    case .unknownFormat(let bytes): "neither JPEG nor PNG: it starts with \(bytes)"
    case .damaged(let reason): reason
    case .tooLarge(let width, let height): "\(width) by \(height) pixels are too many"
    }
  }
}
