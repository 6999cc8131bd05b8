import Images
import ResNetEngine

/// How an image becomes the input of a network: resize, crop, scale, normalize.
public struct ImagePreprocessing: Equatable, Sendable {
  /// Length of the short side after resizing, in pixels.
  public var resize = 256
  /// Height and width of the center crop, in pixels.
  public var crop = 224
  public var filter = Filter.bilinear
  /// Factor applied to pixel values of 0…255 first.
  public var scale = 1.0 / 255
  /// Mean and standard deviation of the scaled values, in the order of the network's channels.
  public var mean = [0.485, 0.456, 0.406]
  public var deviation = [0.229, 0.224, 0.225]
  /// The order in which the network takes red (0), green (1) and blue (2).
  public var channels = [0, 1, 2]

  /// torchvision's `ImageClassification` preset for ImageNet.
  public init() {}

  /// The resized and cropped pixels.
  ///
  /// - Throws: `ImageError`.
  public func pixels(of image: Image) throws -> Image {
    try image.resized(shortSide: resize, filter).centerCropped(crop)
  }

  /// The input of the network, `[1, 3, crop, crop]`, bit-identical to torchvision's preset.
  ///
  /// - Throws: `ImageError`.
  public func input(of image: Image) throws -> FeatureMap<Float> {
    let seen = try pixels(of: image)
    var values: [Float] = []
    values.reserveCapacity(seen.pixels.count)
    for channel in 0..<3 {
      let table = table(of: channel)
      let plane = stride(from: channels[channel], to: seen.pixels.count, by: 3)
      values.append(contentsOf: plane.lazy.map { table[Int(seen.pixels[$0])] })
    }
    return FeatureMap(shape: [1, 3, crop, crop], values: values)
  }

  /// The normalized value of each byte: in float32, one rounding per operation, as in PyTorch.
  private func table(of channel: Int) -> [Float] {
    (0...255).map { byte in
      let value = scale == 1.0 / 255 ? Float(byte) / 255 : Float(byte) * Float(scale)
      return (value - Float(mean[channel])) / Float(deviation[channel])
    }
  }
}
