import PthReader
import PthWriter
import SWTBytes
import SWTDigests
import SWTTensors
import TestSupport
import Testing

/// Checkpoints written for PyTorch. `Tools/prove/torch_reads.py` loads such files with PyTorch itself.
@Suite struct PthWriterTests {
  private static func bytes(_ type: ScalarType, _ count: Int, seed: UInt64) -> [UInt8] {
    var noise = Noise(seed: seed)
    return noise.bytes(type.byteCount(elements: count) ?? 0)
  }

  private static func written(_ tensors: [PthWriter.Tensor]) throws -> [UInt8] {
    let folder = try TemporaryFolder()
    let size = try PthWriter.write(tensors, to: folder.file("a.pth"))
    let bytes = try readFile(folder.file("a.pth"))
    #expect(bytes.count == size)
    return bytes
  }

  private static func read(_ bytes: [UInt8]) throws -> PthFile {
    try PthFile(MemorySource(bytes), path: "a.pth")
  }

  @Test(arguments: ScalarType.allCases.filter { PthWriter.holds($0) })
  func `every type that PyTorch stores is read back bit for bit`(type: ScalarType) throws {
    for shape in [[], [0], [3], [2, 3, 5], [1, 0, 4], [300]] {
      let bytes = Self.bytes(type, shape.reduce(1, *), seed: 7)
      let file = try Self.read(
        Self.written([PthWriter.Tensor(name: "a.b", type: type, shape: shape, bytes: bytes)]))
      let tensor = try #require(file.tensors.first)
      #expect(file.tensors.count == 1 && file.checkpoint.globals.allSatisfy(\.isKnown))
      #expect(tensor.name == "a.b" && tensor.scalarType == type && tensor.shape == shape)
      #expect(tensor.layout.isContiguous && tensor.storage.byteCount == bytes.count)
      #expect(try file.bytes(of: tensor) == bytes)
    }
  }

  @Test(arguments: ScalarType.allCases.filter { !PthWriter.holds($0) })
  func `a quantized type is refused, since it needs its quantizer`(type: ScalarType) throws {
    let folder = try TemporaryFolder()
    #expect(throws: ParseFailure.self) {
      try PthWriter.write(
        [PthWriter.Tensor(name: "a", type: type, shape: [1], bytes: [0, 0, 0, 0])], to: folder.file("a.pth"))
    }
    #expect(try folder.names().isEmpty)
  }

  @Test func `tensors keep their order and any name, and data is aligned`() throws {
    let names = ["z", "a", "", "größe 层", "a\nb", "x'\"\\", String(repeating: "long.", count: 500)]
    let tensors = names.enumerated().map { place, name in
      PthWriter.Tensor(name: name, shape: [place], floats: (0..<place).map { Float($0) / 3 })
    }
    let bytes = try Self.written(tensors)
    let file = try Self.read(bytes)
    #expect(file.tensors.map(\.name) == names)
    for (place, tensor) in file.tensors.enumerated() {
      #expect(try file.floats(of: tensor) == (0..<place).map { Float($0) / 3 })
    }
    // The local headers of all entries, each followed by name and extra field.
    var found = 0
    for start in 0..<bytes.count - 4 where bytes[start..<start + 4].elementsEqual([0x50, 0x4B, 3, 4]) {
      let lengths = (26...29).map { Int(bytes[start + $0]) }
      #expect((start + 30 + lengths[0] + lengths[1] << 8 + lengths[2] + lengths[3] << 8) % 64 == 0)
      found += 1
    }
    #expect(found == names.count + 3)
  }

  @Test func `the same tensors give the same bytes`() throws {
    let tensors = ["a", "b"].map { PthWriter.Tensor(name: $0, shape: [2], floats: [1, 2]) }
    #expect(try Self.written(tensors) == Self.written(tensors))
  }

  @Test func `no tensors are an empty dict`() throws {
    #expect(try Self.read(Self.written([])).tensors.isEmpty)
  }

  @Test(arguments: [
    [
      PthWriter.Tensor(name: "a", shape: [1], floats: [1]),
      PthWriter.Tensor(name: "a", shape: [1], floats: [2]),
    ],
    [PthWriter.Tensor(name: "a", shape: [3], floats: [1])],
    [PthWriter.Tensor(name: "a", shape: [1], floats: [1, 2])],
    [PthWriter.Tensor(name: "a", shape: [-1], floats: [])],
    [PthWriter.Tensor(name: "a", shape: [1 << 40, 1 << 40], floats: [])],
  ])
  func `tensors that cannot be are an error, and the file that was there stays`(
    tensors: [PthWriter.Tensor]
  ) throws {
    let folder = try TemporaryFolder()
    try writeFile(folder.file("a.pth"), [1, 2, 3])
    #expect(throws: ParseFailure.self) { try PthWriter.write(tensors, to: folder.file("a.pth")) }
    #expect(try folder.names() == ["a.pth"])
    #expect(try readFile(folder.file("a.pth")) == [1, 2, 3])
  }
}
