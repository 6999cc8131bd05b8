internal import CImageFiles
internal import SWTBytes

/// The formats that are decoded.
public enum PictureFormat: String, Sendable {
  /// Decoded by libjpeg-turbo.
  case jpeg = "JPEG"
  /// Decoded by libpng.
  case png = "PNG"

  /// The format that a file starts with; nil for all others.
  public init?(startingWith bytes: [UInt8]) {
    if bytes.starts(with: FileMagic.jpeg) {
      self = .jpeg
    } else if bytes.starts(with: FileMagic.png) {
      self = .png
    } else {
      return nil
    }
  }
}

/// A JPEG or PNG file in memory, recognized by its first bytes.
public struct PictureFile: Sendable {
  /// By its first bytes.
  public let format: PictureFormat
  private let bytes: [UInt8]

  /// The greatest size of a file. A photograph has a hundredth of this.
  static let greatestByteCount = 1 << 30

  /// Reads a file.
  ///
  /// - Throws: ``ImageFailure``.
  public init(_ path: String) throws(ImageFailure) {
    let bytes: [UInt8]
    do throws(ParseFailure) {
      let source = try FileSource(path: path)
      let start = try source.bytes(at: 0, count: min(source.byteCount, 16))
      if PictureFormat(startingWith: start) == nil {
        bytes = start
      } else {
        guard source.byteCount <= Self.greatestByteCount else {
          throw ParseFailure(
            .unsupported("\(source.byteCount) bytes; the limit is \(Self.greatestByteCount)"))
        }
        bytes = try source.bytes(at: 0, count: source.byteCount)
      }
    } catch {
      throw .file(error)
    }
    try self.init(bytes)
  }

  /// A file's bytes.
  ///
  /// - Throws: ``ImageFailure/unknownFormat(_:)``.
  public init(_ bytes: [UInt8]) throws(ImageFailure) {
    guard let format = PictureFormat(startingWith: bytes) else {
      throw .unknownFormat(OtherPicture.name(Array(bytes.prefix(16))))
    }
    self.format = format
    self.bytes = bytes
  }

  /// The pixels of PIL's `Image.open(path).convert("RGB")`.
  ///
  /// Gray becomes three equal channels, palettes become their colors, 16-bit samples lose their lower half, and
  /// Adobe's inverted CMYK is inverted; transparency, color profiles, gamma and ``orientation`` are ignored.
  ///
  /// - Throws: ``ImageFailure``: the file is damaged, truncated, or has too many pixels.
  public func decoded() throws(ImageFailure) -> RGBImage {
    let limit = RGBImage.greatestPixelCount
    let decoded =
      switch format {
      case .jpeg: unsafe image_read_jpeg(bytes, bytes.count, limit)
      case .png: unsafe image_read_png(bytes, bytes.count, limit)
      }
    guard let rgb = unsafe decoded.rgb else {
      let (width, height) = unsafe (decoded.width, decoded.height)
      if unsafe decoded.is_too_large != 0 { throw .tooLarge(width: width, height: height) }
      throw .damaged(format, unsafe decoded.reason)
    }
    defer { unsafe image_free(rgb) }
    let (width, height) = unsafe (decoded.width, decoded.height)
    let pixels = unsafe Array(UnsafeBufferPointer(start: rgb, count: 3 * width * height))
    return RGBImage(width: width, height: height, pixels: pixels)
  }

  /// The Exif orientation that the file states, 1…8; 1 is upright, and means nothing is stated.
  ///
  /// PIL and torchvision do not apply it, so ``decoded()`` does not either.
  public var orientation: Int { ExifOrientation.find(in: bytes, format) ?? 1 }
}

extension image_pixels {
  fileprivate var reason: String {
    unsafe withUnsafeBytes(of: message) { unsafe String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
  }
}

extension PictureFormat {
  /// Whether a file starts like a picture of a format that is not decoded.
  public static func isKnownOther(_ bytes: [UInt8]) -> Bool { OtherPicture.name(bytes) != nil }
}
