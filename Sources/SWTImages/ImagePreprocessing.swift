/// How an image becomes the input of a network: resize, crop, scale, normalize.
public struct ImagePreprocessing: Equatable, Sendable {
  /// Length of the short side after resizing, in pixels.
  public var resize = 256
  /// Height and width of the center crop, in pixels.
  public var crop = 224
  /// The filter of the resize, as PIL computes it.
  public var filter = ResamplingFilter.bilinear
  /// Factor applied to pixel values of 0…255 first.
  public var scale = 1.0 / 255
  /// Mean of the scaled values, in the order of the network's channels.
  public var mean = [0.485, 0.456, 0.406]
  /// Standard deviation of the scaled values, in the same order.
  public var standardDeviation = [0.229, 0.224, 0.225]
  /// The order in which the network takes red (0), green (1) and blue (2).
  public var channels = [0, 1, 2]

  /// torchvision's `ImageClassification` preset for ImageNet.
  public init() {}

  /// The shape of ``input(of:)``: `[1, 3, crop, crop]`.
  public var shape: [Int] { [1, 3, crop, crop] }

  /// The resized and cropped pixels.
  ///
  /// - Throws: ``ImageFailure/tooLarge(width:height:)``.
  public func pixels(of image: RGBImage) throws(ImageFailure) -> RGBImage {
    try image.resized(shortSide: resize, crop: crop, filter)
  }

  /// The input of the network, row-major `[1, 3, crop, crop]`, bit-identical to torchvision's preset.
  ///
  /// - Throws: ``ImageFailure/tooLarge(width:height:)``.
  public func input(of image: RGBImage) throws(ImageFailure) -> [Float] {
    let seen = try pixels(of: image)
    let plane = crop * crop
    return unsafe [Float](unsafeUninitializedCapacity: 3 * plane) { result, count in
      for channel in 0..<3 {
        let table = table(of: channel)
        unsafe seen.pixels.withUnsafeBufferPointer { pixels in
          var source = channels[channel]
          for place in channel * plane..<(channel + 1) * plane {
            unsafe result[place] = table[Int(pixels[source])]
            source += 3
          }
        }
      }
      count = 3 * plane
    }
  }

  /// The normalized value of each byte: in float32, one rounding per operation, as in PyTorch.
  private func table(of channel: Int) -> [Float] {
    (0...255).map { byte in
      let value = scale == 1.0 / 255 ? Float(byte) / 255 : Float(byte) * Float(scale)
      return (value - Float(mean[channel])) / Float(standardDeviation[channel])
    }
  }
}
