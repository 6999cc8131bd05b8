/// How a publisher turns an image into the input of a network.
public struct Preprocessing: Hashable, Sendable {
  /// The resizing filter; the raw value is the word in a weight file's metadata.
  public enum Interpolation: String, Sendable {
    /// Triangle filter.
    case bilinear
    /// Cubic filter.
    case bicubic
  }

  /// Resizing and cropping in the published evaluation; detectors choose them per image.
  public struct Crop: Hashable, Sendable {
    /// Length of the image's short side after resizing, antialiased as in PIL, in pixels.
    public let resize: Int
    /// Height and width of the center crop in pixels.
    public let size: Int
    /// The resizing filter.
    public let interpolation: Interpolation

    /// Resizes the short side to `resize`, then crops the center `size` × `size`; both in pixels.
    public init(resize: Int, size: Int, interpolation: Interpolation) {
      self.resize = resize
      self.size = size
      self.interpolation = interpolation
    }
  }

  /// Order of the channels of the network's input.
  public let channels: ChannelOrder
  /// Factor applied to pixel values of 0…255 before the mean is subtracted: 1/255, or 1.
  public let scale: Double
  /// Mean of the scaled values, in the order of ``channels``.
  public let mean: [Double]
  /// Standard deviation of the scaled values, in the order of ``channels``.
  public let standardDeviation: [Double]
  /// Resizing and cropping; nil if they differ per image.
  public var crop: Crop?

  /// torchvision's mean and standard deviation of ImageNet: RGB, on a scale of 0…1.
  ///
  /// Source: torchvision/transforms/_presets.py.
  static let imageNet = Preprocessing(
    channels: .rgb, scale: 1 / 255, mean: [0.485, 0.456, 0.406], standardDeviation: [0.229, 0.224, 0.225])

  /// MSRA's networks: BGR on a scale of 0…255, with the standard deviation folded into the first convolution.
  ///
  /// Source: detectron2/config/defaults.py.
  static let msraBGR = Preprocessing(
    channels: .bgr, scale: 1, mean: [103.53, 116.28, 123.675], standardDeviation: [1, 1, 1])

  /// Facebook's grouped networks: BGR on a scale of 0…255.
  ///
  /// Source: detectron2's configurations for X-101-32x8d.
  static let facebookBGR = Preprocessing(
    channels: .bgr, scale: 1, mean: [103.53, 116.28, 123.675], standardDeviation: [57.375, 57.12, 58.395])

  /// Converts from a scale of 0…1 to an equivalent on 0…`limit`.
  func scaled(to limit: Double) -> Preprocessing {
    // Three decimals, as in configurations: 123.675, 58.395.
    func scaled(_ values: [Double]) -> [Double] { values.map { ($0 * limit * 1000).rounded() / 1000 } }
    return Preprocessing(
      channels: channels, scale: limit / 255, mean: scaled(mean),
      standardDeviation: scaled(standardDeviation), crop: crop)
  }

  /// The same preprocessing with resizing and cropping.
  func cropped(resize: Int, size: Int, _ interpolation: Interpolation) -> Preprocessing {
    var copy = self
    copy.crop = Crop(resize: resize, size: size, interpolation: interpolation)
    return copy
  }
}
