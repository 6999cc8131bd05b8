internal import SWTBytes

/// The fields of a TensorProto, not yet interpreted.
struct OnnxTensorFields {
  /// The repeated field that stores typed values.
  enum List: Int {
    case floats = 4
    case int32s = 5
    case int64s = 7
    case doubles = 10
    case uint64s = 11

    /// Bits per value on the wire; `nil` for varints.
    var width: Int? {
      switch self {
      case .floats: 32
      case .doubles: 64
      case .int32s, .int64s, .uint64s: nil
      }
    }
  }

  private(set) var dims: [Int] = []
  private(set) var dataType: Int?
  private(set) var dataTypeOffset = 0
  /// Offsets of raw_data.
  private(set) var raw: Range<Int>?
  /// Bits of the typed values, widened; all from one list.
  private(set) var values: (list: List, bits: [UInt64])?

  private let source: any ByteSource

  init(_ source: any ByteSource, limits: ParseLimits) throws(ParseFailure) {
    self.source = source
    var message = try ProtobufReader(source)
    while let field = try message.next() {
      switch field.number {
      case 1:
        for value in try numbers(field, width: nil) {
          guard let size = Int(exactly: Int64(bitPattern: value)), size >= 0 else {
            throw ParseFailure(.invalid("a dimension of \(Int64(bitPattern: value))"), at: field.offset)
          }
          dims.append(size)
        }
        try limits.check(.rank, dims.count, at: field.offset)
      case 2:
        guard case .varint(let value) = field.value else { throw Self.wireType(field) }
        dataType = Int(truncatingIfNeeded: Int32(truncatingIfNeeded: value))
        dataTypeOffset = field.offset
      case 3: throw ParseFailure(.unsupported("it is a segment of a tensor"), at: field.offset)
      case 6: throw ParseFailure(.unsupported("it is a tensor of strings"), at: field.offset)
      case 9:
        guard case .bytes(let range) = field.value else { throw Self.wireType(field) }
        raw = range
      case 13: throw Self.external(field.offset)
      case 14:
        guard case .varint(let value) = field.value else { throw Self.wireType(field) }
        // 1 is EXTERNAL; a writer may write the default, 0, explicitly.
        guard value == 0 else { throw Self.external(field.offset) }
      default:
        guard let list = List(rawValue: field.number) else {
          // Name, documentation and metadata are ignored. Any other field means another kind of message.
          guard [8, 12, 16].contains(field.number) else {
            throw ParseFailure(
              .invalid("not a TensorProto: it has a field \(field.number)"), at: field.offset)
          }
          continue
        }
        try add(try numbers(field, width: list.width), list, field.offset)
      }
    }
  }

  private mutating func add(_ bits: [UInt64], _ list: List, _ offset: Int) throws(ParseFailure) {
    guard values?.list ?? list == list else {
      throw ParseFailure(.invalid("the tensor has values of two types"), at: offset)
    }
    if values == nil { values = (list, []) }
    values?.bits += bits
  }

  /// The values of one occurrence of a repeated field: a single one, or several packed ones.
  private func numbers(_ field: ProtobufField, width: Int?) throws(ParseFailure) -> [UInt64] {
    switch (field.value, width) {
    case (.varint(let value), nil): return [value]
    case (.fixed32(let value), 32): return [UInt64(value)]
    case (.fixed64(let value), 64): return [value]
    case (.bytes(let range), let width):
      guard let width else {
        var packed = try ProtobufReader(source, range)
        // Every number takes at least a byte, so the size of the file bounds their number.
        var values: [UInt64] = []
        while !packed.isAtEnd { values.append(try packed.varint()) }
        return values
      }
      guard range.count % (width / 8) == 0 else {
        throw ParseFailure(.invalid("packed values of \(range.count) bytes"), at: range.lowerBound)
      }
      let bytes = try source.bytes(at: range.lowerBound, count: range.count)
      return width == 32
        ? LittleEndian.words(bytes, UInt32.self).map { UInt64($0) } : LittleEndian.words(bytes, UInt64.self)
    default: throw Self.wireType(field)
    }
  }

  private static func wireType(_ field: ProtobufField) -> ParseFailure {
    ParseFailure(.invalid("field \(field.number) has the wrong wire type"), at: field.offset)
  }

  private static func external(_ offset: Int) -> ParseFailure {
    ParseFailure(
      .unsupported("its values are in another file"), at: offset,
      hint: "onnx.save_tensor(onnx.numpy_helper.from_array(…), FILE) writes one that contains them")
  }
}
