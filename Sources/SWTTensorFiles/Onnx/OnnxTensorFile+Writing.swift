internal import SWTBytes
internal import SWTTensors

extension OnnxTensorFile {
  /// The bytes of a `TensorProto` with `raw_data`; nil for a type that ONNX does not have.
  package static func bytes(_ data: TensorData, name: String) -> [UInt8]? {
    guard let code = (1...24).first(where: { OnnxElementType($0)?.scalar == data.type }) else { return nil }
    var bytes: [UInt8] = []
    func varint(_ value: Int) {
      var rest = UInt64(value)
      while rest >= 0x80 {
        bytes.append(UInt8(rest & 0x7F) | 0x80)
        rest >>= 7
      }
      bytes.append(UInt8(rest))
    }
    // dims = 1, data_type = 2, name = 8, raw_data = 9; wire types 0 (varint) and 2 (length-delimited).
    for size in data.shape {
      varint(1 << 3)
      varint(size)
    }
    varint(2 << 3)
    varint(code)
    varint(8 << 3 | 2)
    varint(name.utf8.count)
    bytes += name.utf8
    varint(9 << 3 | 2)
    varint(data.bytes.count)
    return bytes + data.bytes
  }
}
