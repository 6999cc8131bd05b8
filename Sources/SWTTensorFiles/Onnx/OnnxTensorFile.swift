package import SWTBytes
internal import SWTTensors

/// Reads an ONNX `TensorProto`, such as `test_data_set_N/input_0.pb` and `output_0.pb`.
///
/// Source of field numbers and storage of values: onnx/onnx.proto3, `message TensorProto`. External data
/// (`external_data`), parts of a tensor (`segment`) and strings are refused.
package enum OnnxTensorFile {
  /// The tensor; ONNX tensors are always little-endian and row-major.
  ///
  /// - Throws: ``ParseFailure``, `.invalid` for a file that is not a TensorProto.
  package static func read(
    _ source: any ByteSource, limits: ParseLimits = ParseLimits()
  ) throws(ParseFailure) -> TensorData {
    let fields = try OnnxTensorFields(source, limits: limits.scaled(toFile: source.byteCount))
    guard let code = fields.dataType else {
      throw ParseFailure(.invalid("not a TensorProto: it has no data_type"))
    }
    guard let type = OnnxElementType(code) else {
      throw ParseFailure(
        .unsupported("ONNX data type \(code) is not a supported number type"), at: fields.dataTypeOffset)
    }
    let count = try Checked.product(fields.dims, "element count")
    let byteCount = try Checked.multiply(count, type.scalar.byteWidth, "tensor size")
    let bytes: [UInt8]
    if let raw = fields.raw {
      guard fields.values?.bits.isEmpty ?? true else {
        throw ParseFailure(.invalid("the tensor has both raw_data and typed values"), at: raw.lowerBound)
      }
      guard raw.count == byteCount else {
        throw ParseFailure(
          .invalid("raw_data has \(raw.count) bytes; the shape needs \(byteCount)"), at: raw.lowerBound)
      }
      bytes = try source.bytes(at: raw.lowerBound, count: raw.count)
    } else {
      bytes = try type.bytes(fields.values, count: count)
    }
    return try TensorData(type: type.scalar, shape: fields.dims, bytes: bytes)
  }
}
