public import SWTBytes

/// Why a picture cannot be the input of a network.
public enum ImageFailure: Error, Equatable, Sendable, CustomStringConvertible {
  /// The file cannot be read.
  case file(ParseFailure)
  /// Not JPEG or PNG; the name of the format if it is known.
  case unknownFormat(String?)
  /// The message of libjpeg or libpng.
  case damaged(PictureFormat, String)
  /// More pixels than ``RGBImage/greatestPixelCount``, before or after resizing.
  case tooLarge(width: Int, height: Int)
  /// A metadata key of the weight file has a value that cannot be followed.
  case metadata(key: String)

  public var description: String {
    switch self {
    case .file(let failure): "\(failure)"
    case .unknownFormat(let name?): "\(name), not a JPEG or PNG picture"
    case .unknownFormat(nil): "neither a JPEG nor a PNG picture"
    case .damaged(let format, let reason): "\(format.rawValue): \(reason)"
    case .tooLarge(let width, let height):
      "\(width) × \(height) pixels; the limit is \(RGBImage.greatestPixelCount) in all"
    case .metadata(let key): "its metadata \(key) is invalid"
    }
  }
}
