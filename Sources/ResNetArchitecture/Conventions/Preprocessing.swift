/// How an image becomes the input of a network, as its publisher does it.
public struct Preprocessing: Hashable, Sendable {
  /// How an image is resized; the raw value is the word in a weight file's metadata.
  public enum Interpolation: String, Sendable {
    /// Triangle filter.
    case bilinear
    /// Cubic filter.
    case bicubic
  }

  /// The geometry of the published evaluation; detectors have another for each image.
  public struct Crop: Hashable, Sendable {
    /// Length of the image's short side after resizing, antialiased as PIL does it.
    public let resize: Int
    /// Height and width of the centre that is cut out.
    public let size: Int
    /// How pixels between pixels are made.
    public let interpolation: Interpolation

    /// Resizes the short side to `resize`, then cuts `size` × `size` out of the centre; all in pixels.
    public init(resize: Int, size: Int, interpolation: Interpolation) {
      self.resize = resize
      self.size = size
      self.interpolation = interpolation
    }
  }

  /// Order of the channels of the network's input.
  public let channels: ChannelOrder
  /// What bytes of 0…255 are multiplied with before the mean is subtracted: 1/255, or 1.
  public let scale: Double
  /// In the order of ``channels``, after scaling.
  public let mean: [Double]
  /// In the order of ``channels``, after scaling.
  public let standardDeviation: [Double]
  /// The geometry; nil where each image has its own.
  public var crop: Crop?

  /// torchvision's mean and deviation of ImageNet on 0…1, RGB.
  ///
  /// Source: torchvision/transforms/_presets.py.
  static let imageNet = Preprocessing(
    channels: .rgb, scale: 1 / 255, mean: [0.485, 0.456, 0.406], standardDeviation: [0.229, 0.224, 0.225])

  /// MSRA's networks: BGR on 0…255, the deviation is worked into the first convolution.
  ///
  /// Source: detectron2/config/defaults.py.
  static let msraBGR = Preprocessing(
    channels: .bgr, scale: 1, mean: [103.53, 116.28, 123.675], standardDeviation: [1, 1, 1])

  /// Facebook's networks with groups: BGR on 0…255.
  ///
  /// Source: detectron2's configurations for X-101-32x8d.
  static let facebookBGR = Preprocessing(
    channels: .bgr, scale: 1, mean: [103.53, 116.28, 123.675], standardDeviation: [57.375, 57.12, 58.395])

  /// The same function of bytes, with mean and deviation on 0…`limit`; of one on 0…1.
  func scaled(to limit: Double) -> Preprocessing {
    // Three decimals, as configurations print them: 123.675, 58.395.
    func scaled(_ values: [Double]) -> [Double] { values.map { ($0 * limit * 1000).rounded() / 1000 } }
    return Preprocessing(
      channels: channels, scale: limit / 255, mean: scaled(mean),
      standardDeviation: scaled(standardDeviation), crop: crop)
  }

  /// The same with a geometry.
  func cropped(resize: Int, size: Int, _ interpolation: Interpolation) -> Preprocessing {
    var copy = self
    copy.crop = Crop(resize: resize, size: size, interpolation: interpolation)
    return copy
  }
}
