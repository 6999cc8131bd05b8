/// A feature map of integers, `[row][column][channel]`.
struct QuantizedMap {
  let rows, width: Int
  /// Channels of the layer, and bytes of a pixel.
  let channels, stride: Int
  var bytes: [UInt8]
  let numbers: QuantizationNumbers

  var pixels: Int { rows * width }

  init(rows: Int, width: Int, channels: Int, stride: Int, _ numbers: QuantizationNumbers) {
    (self.rows, self.width, self.channels, self.stride) = (rows, width, channels, stride)
    self.numbers = numbers
    bytes = [UInt8](repeating: 0, count: rows * width * stride)
  }

  /// The map with a border of its zero point, which is real zero.
  func padded(by padding: Int) -> QuantizedMap {
    guard padding > 0 else { return self }
    var result = QuantizedMap(
      rows: rows + 2 * padding, width: width + 2 * padding, channels: channels, stride: stride, numbers)
    unsafe result.bytes.withUnsafeMutableBytes { target in
      unsafe target.initializeMemory(as: UInt8.self, repeating: UInt8(clamping: numbers.zero))
      unsafe bytes.withUnsafeBytes { source in
        for row in 0..<rows {
          let place = ((row + padding) * (width + 2 * padding) + padding) * stride
          let part = unsafe UnsafeRawBufferPointer(
            rebasing: source[row * width * stride..<(row + 1) * width * stride])
          unsafe UnsafeMutableRawBufferPointer(rebasing: target[place..<place + part.count])
            .copyMemory(from: part)
        }
      }
    }
    return result
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
