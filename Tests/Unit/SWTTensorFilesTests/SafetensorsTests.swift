import SWTBytes
import SWTTensorFiles
import SWTTensors
import TestSupport
import Testing

@Suite struct SafetensorsTests {
  /// A file with a given header text and number of data bytes.
  private func file(_ header: String, data: Int = 0) -> MemorySource {
    var bytes: [UInt8] = []
    ElementCoding.append(UInt64(header.utf8.count), to: &bytes)
    return MemorySource(bytes + header.utf8 + (0..<data).map { UInt8(truncatingIfNeeded: $0) })
  }

  private func sample() throws -> [UInt8] {
    try SafetensorsWriter(
      metadata: OrderedStrings([("zeta", "1"), ("alpha", "é")]),
      tensors: [
        .init(name: "b", TensorData(shape: [2], floats: [1, -2.5])),
        .init(name: "a", TensorData(shape: [1, 1], floats: [3])),
        .init(name: "flag", try TensorData(type: .bool, shape: [3], bytes: [1, 0, 1])),
        .init(name: "d", TensorData(shape: [], doubles: [0.1])),
        .init(name: "empty", try TensorData(type: .int16, shape: [0, 5], bytes: [])),
      ]
    ).bytes()
  }

  @Test func `written tensors read back, sorted like the official library's`() throws {
    let file = try SafetensorsFile(MemorySource(sample()))
    #expect(file.tensors.map(\.name) == ["d", "a", "b", "empty", "flag"])
    #expect(file.metadata.pairs.map(\.key) == ["zeta", "alpha"])
    #expect(file.metadata["alpha"] == "é")
    #expect(file.dataOffset % 8 == 0)
    let b = try #require(file["b"])
    #expect(try file.floats(of: b) == [1, -2.5])
    #expect(try file.doubles(of: try #require(file["d"])) == [0.1])
    #expect(try file.data(of: try #require(file["flag"])).floats() == [1, 0, 1])
    #expect(file["empty"]?.shape == [0, 5])
    #expect(file["nothing"] == nil)
    #expect(SafetensorsFile.recognizes(MemorySource(try sample())))
  }

  @Test func `files made by the fixture script are written back byte for byte`() throws {
    for net in ["resnet50", "resnext50_32x4d", "resnext101_32x8d"] {
      let original = try readFile(Fixtures.path("formula/\(net).stats.safetensors"))
      let file = try SafetensorsFile(MemorySource(original))
      let tensors = try file.tensors.map { SafetensorsWriter.Tensor(name: $0.name, try file.data(of: $0)) }
      #expect(try SafetensorsWriter(metadata: file.metadata, tensors: tensors.reversed()).bytes() == original)
    }
  }

  @Test func `windows add up to the tensor`() throws {
    let data = try TensorData(
      type: .uint8, shape: [9 << 20], bytes: [UInt8](repeating: 7, count: 9 << 20))
    let file = try SafetensorsFile(
      MemorySource(try SafetensorsWriter(tensors: [.init(name: "x", data)]).bytes()))
    let entry = try #require(file["x"])
    var joined: [UInt8] = []
    try file.forEachWindow(of: entry) { window in
      #expect(window.count <= SafetensorsFile.windowBytes)
      joined += window
    }
    #expect(joined == data.bytes)
  }

  @Test(arguments: ScalarType.allCases)
  func `every type is kept or refused`(type: ScalarType) throws {
    let bytes = (0..<8 * type.byteWidth).map { UInt8($0) }
    let data = try TensorData(type: type, shape: [2, 4], bytes: bytes)
    let name = type.rawValue
    let isForeign = ["complex32", "bcomplex32", "complex128"].contains(name) || name.hasPrefix("bits")
    if isForeign || name.hasPrefix("q") {
      #expect(throws: ParseFailure.self) { try SafetensorsWriter(tensors: [.init(name: "x", data)]) }
      return
    }
    let file = try SafetensorsFile(
      MemorySource(try SafetensorsWriter(tensors: [.init(name: "x", data)]).bytes()))
    #expect(try file.data(of: try #require(file["x"])) == data)
  }

  struct Lie: Sendable, CustomStringConvertible {
    let description: String
    let header: String
    let data: Int

    init(_ description: String, _ header: String, _ data: Int) {
      self.description = description
      self.header = header
      self.data = data
    }

    /// One tensor `a` with the given fields.
    static func tensor(_ description: String, _ type: String, _ shape: String, _ offsets: String, _ data: Int)
      -> Lie
    {
      Lie(description, #"{"a":{"dtype":"\#(type)","shape":\#(shape),"data_offsets":\#(offsets)}}"#, data)
    }
  }

  @Test(arguments: [
    Lie.tensor("gap before a tensor", "U8", "[2]", "[2,4]", 4),
    .tensor("bytes behind the last", "U8", "[2]", "[0,2]", 4),
    .tensor("past the end", "U8", "[2]", "[0,2]", 1),
    .tensor("size is not the shape's", "F32", "[2]", "[0,4]", 4),
    .tensor("reversed offsets", "U8", "[0]", "[2,0]", 2),
    .tensor("negative offset", "U8", "[2]", "[-2,0]", 0),
    .tensor("negative size", "U8", "[-2]", "[0,2]", 2),
    .tensor("fraction", "U8", "[2.0]", "[0,2]", 2),
    .tensor("huge offset", "U8", "[2]", "[0,18446744073709551615]", 2),
    .tensor("shape overflows", "F64", "[4611686018427387904,4]", "[0,0]", 0),
    .tensor("three offsets", "U8", "[2]", "[0,2,3]", 2),
    .tensor("odd 4-bit floats", "F4", "[3]", "[0,2]", 2),
    .tensor("unknown dtype", "X9", "[2]", "[0,2]", 2),
    Lie("unknown field", #"{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2],"x":1}}"#, 2),
    Lie(
      "overlap",
      #"{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"U8","shape":[2],"data_offsets":[1,3]}}"#,
      3),
    Lie(
      "one name twice",
      #"{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"a":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}"#,
      2),
    Lie("metadata of numbers", #"{"__metadata__":{"a":1}}"#, 0),
    Lie("metadata list", #"{"__metadata__":[]}"#, 0),
    Lie("space first", " {}", 0), Lie("an array", "[]", 0), Lie("nothing", "", 0),
  ])
  func `a header with a false statement is rejected`(_ lie: Lie) {
    #expect(throws: ParseFailure.self) { try SafetensorsFile(file(lie.header, data: lie.data)) }
  }

  @Test func `an absurd header size is refused before anything is allocated`() {
    for size in [UInt64.max, 1 << 63, 100_000_001, 50_000_000] {
      var bytes: [UInt8] = []
      ElementCoding.append(size, to: &bytes)
      #expect(throws: ParseFailure.self) { try SafetensorsFile(MemorySource(bytes + [0x7B, 0x7D])) }
    }
  }

  @Test func `every truncation is rejected`() throws {
    let bytes = try sample()
    for length in bytes.indices {
      #expect(throws: ParseFailure.self) { try SafetensorsFile(MemorySource(Array(bytes[..<length]))) }
    }
  }

  @Test func `every changed byte gives an error or a readable file`() throws {
    let bytes = try sample()
    for place in bytes.indices {
      for mask in [0x01, 0x02, 0x10, 0x80, 0xFF] as [UInt8] {
        var damaged = bytes
        damaged[place] ^= mask
        guard let file = try? SafetensorsFile(MemorySource(damaged)) else { continue }
        for entry in file.tensors {
          #expect(try file.bytes(of: entry).count == entry.byteCount)
          _ = try? file.doubles(of: entry)
        }
      }
    }
  }

  @Test func `a provider that gives too many or too few bytes is an error`() throws {
    for pieces in [[[1, 2]], [[1, 2], [3, 4, 5]], []] as [[[UInt8]]] {
      let tensor = SafetensorsWriter.Tensor(name: "x", type: .uint8, shape: [4]) { sink in
        for piece in pieces { try sink(piece) }
      }
      #expect(throws: ParseFailure.self) { try SafetensorsWriter(tensors: [tensor]).bytes() }
    }
  }

  @Test func `8-bit floats have the values of their definitions`() throws {
    func value(_ bits: UInt8, _ type: ScalarType) throws -> Float {
      try ElementCoding.floats([bits], type)[0]
    }
    #expect(try value(0x7E, .float8_e4m3fn) == 448)
    #expect(try value(0x01, .float8_e4m3fn) == 0x1p-9)
    #expect(try value(0x7B, .float8_e5m2) == 57344)
    #expect(try value(0xFC, .float8_e5m2) == -.infinity)
    #expect(try value(0x01, .float8_e5m2) == 0x1p-16)
    #expect(try value(0x7F, .float8_e4m3fnuz) == 240)
    #expect(try value(0x7F, .float8_e5m2fnuz) == 57344)
    #expect(try value(0x80, .float8_e5m2fnuz).isNaN)
    #expect(try value(0x7F, .float8_e8m0fnu) == 1)
    #expect(try value(0x00, .float8_e8m0fnu) == 0x1p-127)
  }
}
