/// A feature map of integers, `[row][column][channel]`.
struct QuantizedMap {
  let rows, width: Int
  /// Channels of the layer, and bytes of a pixel.
  let channels, stride: Int
  /// At least as many as the map has; what is after them is of another map.
  var bytes: [UInt8]
  let numbers: QuantizationNumbers

  var pixels: Int { rows * width }

  init(rows: Int, width: Int, channels: Int, stride: Int, _ numbers: QuantizationNumbers) {
    (self.rows, self.width, self.channels, self.stride) = (rows, width, channels, stride)
    self.numbers = numbers
    bytes = [UInt8](repeating: 0, count: rows * width * stride)
  }

  /// A map in memory that has other values yet.
  init(rows: Int, width: Int, channels: Int, stride: Int, _ numbers: QuantizationNumbers, in bytes: [UInt8]) {
    (self.rows, self.width, self.channels, self.stride) = (rows, width, channels, stride)
    (self.numbers, self.bytes) = (numbers, bytes)
  }

  /// Appends its integers to `values`, channel by channel.
  func append(to values: inout [Float]) {
    for channel in 0..<channels {
      for pixel in 0..<pixels { values.append(Float(bytes[pixel * stride + channel])) }
    }
  }

  /// Appends its real numbers to `values`: `(float(q) − float(zero)) · scale`.
  func appendReal(to values: inout [Float]) {
    let zero = Float(numbers.zero)
    for channel in 0..<channels {
      for pixel in 0..<pixels {
        values.append((Float(bytes[pixel * stride + channel]) - zero) * numbers.scale)
      }
    }
  }
}

extension UnsafeBufferPointer {
  /// The first element; the buffer is not empty.
  @unsafe var start: UnsafePointer<Element> {
    guard let start = baseAddress else { preconditionFailure("an empty buffer") }
    return unsafe start
  }
}

extension UnsafeMutableBufferPointer {
  /// The first element; the buffer is not empty.
  @unsafe var start: UnsafeMutablePointer<Element> {
    guard let start = baseAddress else { preconditionFailure("an empty buffer") }
    return unsafe start
  }
}
