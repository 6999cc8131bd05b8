internal import SWTBytes
internal import SWTTensors

extension TensorEntry {
  /// The scale and the zero point of a quantized module's output as `state_dict()` has them: a float32 and an
  /// int64, both without dimensions.
  static func outputNumbers(
    scale: Double, zeroPoint: Int, label: String
  ) throws(ParseFailure) -> [(leaf: String, tensor: TensorEntry)] {
    let layout = try StridedLayout(shape: [], strides: nil)
    func number(_ type: ScalarType, _ bytes: [UInt8]) -> TensorEntry {
      TensorEntry(
        scalarType: type, layout: layout,
        storage: Storage(id: -1, byteCount: bytes.count, source: MemorySource(bytes), label: label))
    }
    return [
      ("scale", number(.float32, LittleEndian.bytes([Float(scale).bitPattern]))),
      ("zero_point", number(.int64, LittleEndian.bytes([UInt64(bitPattern: Int64(zeroPoint))]))),
    ]
  }
}
