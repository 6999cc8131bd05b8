package import SWTTensorFiles
internal import SWTTensors

/// The arrays of a golden for other programs: the input, the output, and the layers that are stored whole.
package struct GoldenArrays {
  package struct Named {
    package let name: String
    package let data: TensorData
  }

  package let input: TensorData
  /// `logits` or `layer4`, in float64 where the golden has that.
  package let output: Named
  /// Whole taps, in execution order.
  package let taps: [Named]

  /// - Parameters:
  ///   - golden: The golden.
  ///   - isPixels: Whether feature maps have their channels last.
  package init(_ golden: Golden, isPixels: Bool) {
    input = Self.input(of: golden, isPixels: isPixels)
    let result = golden.output
    let data =
      result.isFloat32Only
      ? TensorData(shape: result.shape, floats: result.reference.map { Float($0) })
      : TensorData(shape: result.shape, doubles: result.reference)
    output = Named(name: result.name, data: Self.arranged(data, isPixels))
    taps = golden.taps.filter(\.isFull).map { tap in
      Named(
        name: tap.name, data: Self.arranged(TensorData(shape: tap.shape, floats: tap.stored), isPixels))
    }
  }

  /// The input, computed if it is a formula.
  package static func input(of golden: Golden, isPixels: Bool) -> TensorData {
    arranged(TensorData(shape: golden.input.shape, floats: golden.input.floats()), isPixels)
  }

  /// `[N, C, H, W]` as `[N, H, W, C]`; other shapes stay.
  package static func shape(_ shape: [Int], isPixels: Bool) -> [Int] {
    isPixels && shape.count == 4 ? [shape[0], shape[2], shape[3], shape[1]] : shape
  }

  private static func arranged(_ data: TensorData, _ isPixels: Bool) -> TensorData {
    guard isPixels, data.shape.count == 4 else { return data }
    let (n, c, area, width) = (
      data.shape[0], data.shape[1], data.shape[2] * data.shape[3], data.type.byteWidth
    )
    var bytes: [UInt8] = []
    bytes.reserveCapacity(data.bytes.count)
    for image in 0..<n {
      for pixel in 0..<area {
        for channel in 0..<c {
          let place = ((image * c + channel) * area + pixel) * width
          bytes += data.bytes[place..<place + width]
        }
      }
    }
    let shape = shape(data.shape, isPixels: true)
    return (try? TensorData(type: data.type, shape: shape, bytes: bytes)) ?? data
  }
}
