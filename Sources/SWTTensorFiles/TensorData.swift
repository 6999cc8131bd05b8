package import SWTBytes
package import SWTTensors

/// A tensor in memory: contiguous, row-major, little-endian bytes.
package struct TensorData: Equatable, Sendable {
  package let type: ScalarType
  package let shape: [Int]
  package let bytes: [UInt8]

  /// - Throws: ``ParseFailure`` if the number of bytes does not match type and shape.
  package init(type: ScalarType, shape: [Int], bytes: [UInt8]) throws(ParseFailure) {
    let count = try Checked.product(shape, "element count")
    let needed = try Checked.multiply(count, type.byteWidth, "tensor size")
    guard needed == bytes.count else {
      throw ParseFailure(.invalid("a tensor has \(bytes.count) bytes; its shape needs \(needed)"))
    }
    self.type = type
    self.shape = shape
    self.bytes = bytes
  }

  /// A float32 tensor of any number of dimensions.
  ///
  /// - Precondition: The number of values matches the shape.
  package init(shape: [Int], floats: [Float]) {
    precondition(shape.reduce(1, *) == floats.count, "the shape does not match the number of values")
    type = .float32
    self.shape = shape
    bytes = ElementCoding.bytes(floats)
  }

  /// A float64 tensor of any number of dimensions.
  ///
  /// - Precondition: The number of values matches the shape.
  package init(shape: [Int], doubles: [Double]) {
    precondition(shape.reduce(1, *) == doubles.count, "the shape does not match the number of values")
    type = .float64
    self.shape = shape
    bytes = ElementCoding.bytes(doubles)
  }

  package var elementCount: Int { bytes.count / type.byteWidth }

  /// The values; wider types are rounded once, to nearest.
  ///
  /// - Throws: ``ParseFailure`` `.unsupported` for complex and packed types.
  package func floats() throws(ParseFailure) -> [Float] { try ElementCoding.floats(bytes, type) }

  /// The values; exact except for 64-bit integers above 2^53.
  ///
  /// - Throws: ``ParseFailure`` `.unsupported` for complex and packed types.
  package func doubles() throws(ParseFailure) -> [Double] { try ElementCoding.doubles(bytes, type) }
}
