import CImageFiles
import Foundation

extension Image {
  /// Decodes a JPEG or PNG file, recognized by its first bytes, to the pixels of PIL's
  /// `Image.open(path).convert("RGB")`.
  ///
  /// Gray becomes three equal channels and palettes become their colors; transparency, color profiles, gamma
  /// and orientation are ignored (rotate photographs before you classify them, as with torchvision).
  ///
  /// - Throws: ``ImageError``.
  public init(contentsOf path: String) throws {
    guard let bytes = FileManager.default.contents(atPath: path) else { throw ImageError.unreadable }
    try self.init(file: [UInt8](bytes))
  }

  /// Decodes the bytes of a file.
  ///
  /// - Throws: ``ImageError``.
  public init(file bytes: [UInt8]) throws {
    let limit = Image.greatestPixelCount
    let decoded =
      if bytes.starts(with: [0xFF, 0xD8, 0xFF]) {
        image_read_jpeg(bytes, bytes.count, limit)
      } else if bytes.starts(with: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]) {
        image_read_png(bytes, bytes.count, limit)
      } else {
        throw ImageError.unknownFormat(firstBytes: Array(bytes.prefix(8)))
      }
    guard let rgb = decoded.rgb else { throw ImageError.damaged(decoded.reason) }
    defer { free(rgb) }
    let count = 3 * decoded.width * decoded.height
    self.init(
      width: decoded.width, height: decoded.height,
      pixels: Array(UnsafeBufferPointer(start: rgb, count: count)))
  }
}

extension image_pixels {
  fileprivate var reason: String {
    withUnsafeBytes(of: message) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
  }
}
