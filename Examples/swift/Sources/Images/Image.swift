/// Pixels of 8-bit red, green and blue, row by row from the top.
public struct Image: Equatable, Sendable {
  public let width: Int
  public let height: Int
  /// `3 · width · height` bytes.
  public let pixels: [UInt8]

  /// - Precondition: There are `3 · width · height` bytes.
  public init(width: Int, height: Int, pixels: [UInt8]) {
    precondition(width > 0 && height > 0 && pixels.count == 3 * width * height, "pixels and size disagree")
    self.width = width
    self.height = height
    self.pixels = pixels
  }

  /// Where PIL takes an image for a decompression bomb: a file of a few kilobytes may claim to hold this and more.
  ///
  /// Source: `Image.MAX_IMAGE_PIXELS` in PIL, and twice that is its error.
  public static let greatestPixelCount = 2 * 89_478_485
}

/// Why there is no image.
public enum ImageError: Error, Equatable, CustomStringConvertible {
  case unreadable
  case unknownFormat(firstBytes: [UInt8])
  /// What libjpeg or libpng said.
  case damaged(String)
  case tooLarge(width: Int, height: Int)

  public var description: String {
    switch self {
    case .unreadable: "cannot be read"
    case .unknownFormat(let bytes): "neither JPEG nor PNG: it begins with \(bytes)"
    case .damaged(let reason): reason
    case .tooLarge(let width, let height): "\(width) by \(height) pixels are too many"
    }
  }
}
