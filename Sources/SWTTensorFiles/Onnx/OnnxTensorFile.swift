package import SWTBytes
internal import SWTTensors

/// Reads an ONNX `TensorProto`: what `test_data_set_N/input_0.pb` and `output_0.pb` are.
///
/// Field numbers and the place of each type's values: onnx/onnx.proto3, `message TensorProto`. A file that
/// names its data elsewhere (`external_data`), or a part of a tensor (`segment`), is refused; strings are no
/// numbers.
package enum OnnxTensorFile {
  /// The tensor, little-endian and row-major as ONNX always has it.
  ///
  /// - Throws: ``ParseFailure``; a file that is no TensorProto is `.invalid`.
  package static func read(
    _ source: any ByteSource, limits: ParseLimits = ParseLimits()
  ) throws(ParseFailure) -> TensorData {
    let fields = try OnnxTensorFields(source, limits: limits.scaled(toFile: source.byteCount))
    guard let code = fields.dataType else {
      throw ParseFailure(.invalid("no TensorProto: it has no data_type"))
    }
    guard let type = OnnxElementType(code) else {
      throw ParseFailure(
        .unsupported("ONNX data type \(code) is not one of numbers"), at: fields.dataTypeOffset)
    }
    let count = try Checked.product(fields.dims, "element count")
    let byteCount = try Checked.multiply(count, type.scalar.byteWidth, "tensor size")
    let bytes: [UInt8]
    if let raw = fields.raw {
      guard fields.values?.bits.isEmpty ?? true else {
        throw ParseFailure(.invalid("both raw_data and typed values"), at: raw.lowerBound)
      }
      guard raw.count == byteCount else {
        throw ParseFailure(
          .invalid("raw_data of \(raw.count) bytes where \(byteCount) are needed"), at: raw.lowerBound)
      }
      bytes = try source.bytes(at: raw.lowerBound, count: raw.count)
    } else {
      bytes = try type.bytes(fields.values, count: count)
    }
    return try TensorData(type: type.scalar, shape: fields.dims, bytes: bytes)
  }
}
