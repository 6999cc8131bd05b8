internal import SWTBytes

/// What stands in a TensorProto, not yet interpreted.
struct OnnxTensorFields {
  /// Where typed values stand: which of the repeated fields.
  enum List: Int {
    case floats = 4
    case int32s = 5
    case int64s = 7
    case doubles = 10
    case uint64s = 11

    /// Bits of one value on the wire; `nil` for varints.
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
  /// Where raw_data lies.
  private(set) var raw: Range<Int>?
  /// Bits of the typed values, widened; they stand in one list.
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
      case 3: throw ParseFailure(.unsupported("a segment of a tensor"), at: field.offset)
      case 6: throw ParseFailure(.unsupported("a tensor of strings"), at: field.offset)
      case 9:
        guard case .bytes(let range) = field.value else { throw Self.wireType(field) }
        raw = range
      case 13: throw Self.external(field.offset)
      case 14:
        guard case .varint(let value) = field.value else { throw Self.wireType(field) }
        // 1 is EXTERNAL; 0, DEFAULT, is what a writer may spell out.
        guard value == 0 else { throw Self.external(field.offset) }
      default:
        guard let list = List(rawValue: field.number) else {
          // Names, documentation, metadata: of no use here. Anything else is another kind of message.
          guard [8, 12, 16].contains(field.number) else {
            throw ParseFailure(.invalid("no TensorProto: it has a field \(field.number)"), at: field.offset)
          }
          continue
        }
        try add(try numbers(field, width: list.width), list, field.offset)
      }
    }
  }

  private mutating func add(_ bits: [UInt64], _ list: List, _ offset: Int) throws(ParseFailure) {
    guard values?.list ?? list == list else {
      throw ParseFailure(.invalid("values of two types in one tensor"), at: offset)
    }
    values = (list, (values?.bits ?? []) + bits)
  }

  /// The values of a repeated field: one, or all of them packed.
  private func numbers(_ field: ProtobufField, width: Int?) throws(ParseFailure) -> [UInt64] {
    switch (field.value, width) {
    case (.varint(let value), nil): return [value]
    case (.fixed32(let value), 32): return [UInt64(value)]
    case (.fixed64(let value), 64): return [value]
    case (.bytes(let range), let width):
      guard let width else {
        var packed = try ProtobufReader(source, range)
        // No number takes less than a byte, so the file bounds how many there are.
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
    ParseFailure(.invalid("field \(field.number) of the wrong wire type"), at: field.offset)
  }

  private static func external(_ offset: Int) -> ParseFailure {
    ParseFailure(
      .unsupported("its values are in another file"), at: offset,
      hint: "onnx.save_tensor(onnx.numpy_helper.from_array(…), FILE) writes one that holds them")
  }
}
