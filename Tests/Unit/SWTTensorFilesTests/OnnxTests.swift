import SWTBytes
import SWTTensorFiles
import SWTTensors
import TestSupport
import Testing

/// Reads messages written by ONNX's own library, and hostile ones assembled field by field.
@Suite struct OnnxTests {
  struct Record: Sendable, CustomTestStringConvertible {
    let type: String
    let form: String
    let message: [UInt8]
    let values: [UInt8]
    var testDescription: String { "\(type), \(form)" }
  }

  static let records: [Record] = {
    guard let bytes = try? readFile(Fixtures.path("imports/onnx/dtypes.json")),
      let list = try? JSONValue.parse(bytes).array
    else { return [] }
    return list.map { item in
      Record(
        type: item["type"]?.string ?? "", form: item["form"]?.string ?? "",
        message: hex(item["message"]?.string ?? ""), values: hex(item["values"]?.string ?? ""))
    }
  }()

  private static func hex(_ text: String) -> [UInt8] {
    let digits = text.compactMap(\.hexDigitValue)
    return stride(from: 0, to: digits.count - 1, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
  }

  private func read(_ bytes: [UInt8]) throws(ParseFailure) -> TensorData {
    try OnnxTensorFile.read(MemorySource(bytes))
  }

  @Test func `there is a message for every type, in both forms`() { #expect(Self.records.count == 38) }

  @Test(arguments: records)
  func `values are the ones that onnx wrote`(record: Record) throws {
    let data = try read(record.message)
    #expect(data.shape == [2, 3])
    #expect(data.bytes == record.values)
    let names = [
      "FLOAT": "float32", "DOUBLE": "float64", "FLOAT8E4M3FN": "float8_e4m3fn", "FLOAT8E5M2": "float8_e5m2",
      "FLOAT8E4M3FNUZ": "float8_e4m3fnuz", "FLOAT8E5M2FNUZ": "float8_e5m2fnuz",
    ]
    #expect(data.type.rawValue == names[record.type] ?? record.type.lowercased())
  }

  @Test(arguments: records)
  func `a truncated message is an error or has no values`(record: Record) {
    for length in 0..<record.message.count {
      // Cut between two fields, a message is still valid but lacks fields: its name or its values.
      guard let data = try? read(Array(record.message[..<length])) else { continue }
      #expect(data.bytes == record.values)
    }
  }

  @Test(arguments: records)
  func `every flipped bit gives an error or a tensor whose size matches its shape`(record: Record) {
    for place in record.message.indices {
      for bit in 0..<8 {
        var damaged = record.message
        damaged[place] ^= 1 << UInt8(bit)
        guard let data = try? read(damaged) else { continue }
        let elements = data.shape.contains(0) ? 0 : data.shape.reduce(1, *)
        #expect(data.bytes.count == elements * data.type.byteWidth)
      }
    }
  }

  struct Message: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let bytes: [UInt8]
    let says: String

    init(_ description: String, _ bytes: [UInt8], _ says: String) {
      (testDescription, self.bytes, self.says) = (description, bytes, says)
    }
  }

  /// Key bytes: 08 dims, 10 data_type, 22 float_data, 2A int32_data, 4A raw_data, 6A external_data, 70
  /// data_location.
  static let bad: [Message] = [
    Message("nothing", [], "no data_type"),
    Message("an unknown type", [0x08, 1, 0x10, 99], "data type 99"),
    Message("strings", [0x08, 1, 0x10, 8, 0x32, 1, 0x61], "strings"),
    Message("too few raw bytes", [0x08, 2, 0x10, 1, 0x4A, 4, 0, 0, 0, 0], "needs 8"),
    Message("raw and typed", [0x08, 1, 0x10, 1, 0x4A, 4, 0, 0, 0, 0, 0x25, 0, 0, 0, 0], "both raw_data"),
    Message("values of another type", [0x08, 1, 0x10, 1, 0x2A, 1, 5], "expected 1 in field 4"),
    Message("values of two types", [0x08, 1, 0x10, 1, 0x2A, 1, 5, 0x25, 0, 0, 0, 0], "two types"),
    Message(
      "a value that does not fit", [0x08, 1, 0x10, 2, 0x2A, 2, 0x80, 0x02],
      "the value 256 is out of the range"),
    Message("half a packed float", [0x08, 1, 0x10, 1, 0x22, 3, 0, 0, 0], "packed values of 3 bytes"),
    Message("a length beyond the end", [0x08, 1, 0x10, 1, 0x4A, 9, 0], "needs 9 bytes"),
    Message(
      "a negative dimension", [0x08] + [UInt8](repeating: 0xFF, count: 9) + [1, 0x10, 1], "dimension of -1"),
    Message(
      "dimensions that overflow",
      [0x0A, 10] + [0xFF, 0xFF, 0xFF, 0xFF, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F] + [0x10, 1], "overflows"),
    Message("a varint of eleven bytes", [0x08] + [UInt8](repeating: 0xFF, count: 11), "64 bits"),
    Message("data elsewhere", [0x08, 1, 0x10, 1, 0x70, 1], "another file"),
    Message("external data", [0x08, 1, 0x10, 1, 0x6A, 0], "another file"),
    Message("a segment", [0x08, 1, 0x10, 1, 0x1A, 0], "segment"),
    Message("a group", [0x08, 1, 0x13], "wire type 3"),
    Message("field zero", [0x00, 1], "field number 0"),
    Message("another message", [0x08, 1, 0x10, 1, 0xA2, 0x01, 0], "field 20"),
    Message("a type that is text", [0x12, 1, 0x31], "wrong wire type"),
  ]

  @Test(arguments: bad)
  func `a hostile message is an error that gives the reason`(message: Message) throws {
    let failure = try #require(throws: ParseFailure.self) { try read(message.bytes) }
    #expect(failure.description.contains(message.says), "\(failure)")
  }

  @Test func `an excessive number of dimensions is refused`() throws {
    let many = [0x0A, 0xC8, 0x01] + [UInt8](repeating: 1, count: 200) + [0x10, 1]
    let failure = try #require(throws: ParseFailure.self) { try read(many) }
    guard case .limit(.rank, _, _) = failure.reason else {
      Issue.record("\(failure)")
      return
    }
  }

  @Test func `fields may come in any order, and values in pieces`() throws {
    // float_data 1.0 unpacked, then packed 2.0; data_type; dims packed; a name.
    let bytes: [UInt8] =
      [0x25, 0, 0, 0x80, 0x3F, 0x22, 4, 0, 0, 0, 0x40, 0x10, 1, 0x0A, 1, 2] + [0x42, 1, 0x78]
    let data = try read(bytes)
    #expect(data.shape == [2])
    #expect(try data.floats() == [1, 2])
    #expect(try read([0x08, 0, 0x10, 1]).bytes.isEmpty)
  }
}
