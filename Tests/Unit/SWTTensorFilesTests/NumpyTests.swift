import SWTBytes
import SWTTensorFiles
import SWTTensors
import Testing

@Suite struct NumpyTests {
  private let matrix = TensorData(shape: [2, 3], floats: [-1.5, -0.5, 0.5, 1.5, 2.5, 3.5])

  private func read(_ bytes: [UInt8]) throws -> TensorData { try NpyFile.read(MemorySource(bytes)) }

  private func npy(_ header: String, _ data: [UInt8]) -> [UInt8] {
    [0x93] + "NUMPY".utf8 + [1, 0, UInt8(header.utf8.count), 0] + header.utf8 + data
  }

  @Test func `files saved by numpy are read and written back byte for byte`() throws {
    #expect(try read(NumpySamples.plain) == matrix)
    #expect(try read(NumpySamples.scalar) == TensorData(shape: [], doubles: [2.5]))
    #expect(try read(NumpySamples.vector) == TensorData(type: .bool, shape: [3], bytes: [1, 0, 1]))
    for sample in [NumpySamples.plain, NumpySamples.scalar, NumpySamples.vector] {
      #expect(try NpyFile.bytes(read(sample)) == sample)
    }
  }

  @Test func `other versions and orders give the same values`() throws {
    #expect(try read(NumpySamples.second) == matrix)
    #expect(try read(NumpySamples.third) == matrix)
    let big = try read(NumpySamples.big)
    #expect(big.shape == [2, 3])
    #expect(try big.floats() == [1, -2, 3, 4, 5, -600])
    #expect(try read(NumpySamples.complexBig).bytes == ElementCoding.bytes([1, 2] as [Float]))
  }

  @Test func `three dimensions in Fortran order are read`() throws {
    let data = (0..<24).map { UInt8($0) }
    let tensor = try read(npy("{'descr': '|u1', 'fortran_order': True, 'shape': (2, 3, 4), }\n", data))
    for i in 0..<2 {
      for j in 0..<3 {
        for k in 0..<4 { #expect(tensor.bytes[(i * 3 + j) * 4 + k] == UInt8(i + 2 * j + 6 * k)) }
      }
    }
  }

  @Test(arguments: ScalarType.allCases) func `every type is kept or refused`(type: ScalarType) throws {
    let data = try TensorData(
      type: type, shape: [3], bytes: (0..<3 * type.byteWidth).map { UInt8($0) })
    if let bytes = try? NpyFile.bytes(data) {
      #expect(try read(bytes) == data)
    } else {
      #expect(!["float32", "float64", "int64", "bool", "complex128"].contains(type.rawValue))
    }
  }

  @Test(arguments: [
    "{'descr': '|u1', 'fortran_order': False, 'shape': (2,), }",
    "{\"shape\":(2L,),'fortran_order':True,'descr':'<u1'}",
    "{'descr':'|u1','fortran_order':False,'shape':(2,1)}   \n",
  ])
  func `equivalent headers are read`(header: String) throws {
    #expect(try read(npy(header, [7, 8])).bytes == [7, 8])
  }

  @Test(arguments: [
    "", "{", "{}", "{'descr': '|u1'}", "{'descr': '|u1', 'fortran_order': False, 'shape': (2)}",
    "{'descr': '|u1', 'fortran_order': False, 'shape': (2,), 'x': 1}",
    "{'descr': '|u1', 'fortran_order': False, 'shape': (2,), 'shape': (2,)}",
    "{'descr': '|u1', 'fortran_order': 0, 'shape': (2,)}",
    "{'descr': '|u1', 'fortran_order': False, 'shape': (-2,)}",
    "{'descr': '|u1', 'fortran_order': False, 'shape': [2]}",
    "{'descr': '|O', 'fortran_order': False, 'shape': (2,)}",
    "{'descr': [('a', '|u1')], 'fortran_order': False, 'shape': (2,)}",
    "{'descr': '|f4', 'fortran_order': False, 'shape': (2,)}",
    "{'descr': '<f16', 'fortran_order': False, 'shape': ()}",
    "{'descr': '|u1', 'fortran_order': False, 'shape': (99999999999999999999,)}",
    "{'descr': '|u1', 'fortran_order': False, 'shape': (9223372036854775807, 2)}",
    "{'descr': '|u1', 'fortran_order': False, 'shape': (2,)} x",
    "{'descr': '|u1', 'fortran_order': False, 'shape': (3,)}",
    "{'descr': '|u1', 'fortran_order': False, 'shape': (1,)}", "__import__('os')",
    "{'descr': '|u1' 'fortran_order': False}",
  ])
  func `headers that do not describe a plain array are rejected`(header: String) {
    #expect(throws: ParseFailure.self) { try read(npy(header, [1, 2])) }
  }

  @Test func `every truncation is rejected`() {
    for sample in [NumpySamples.plain, NumpySamples.second, NumpySamples.big] {
      for length in sample.indices {
        #expect(throws: ParseFailure.self) { try read(Array(sample[..<length])) }
      }
      #expect(throws: ParseFailure.self) { try read(sample + [0]) }
    }
  }

  @Test func `every changed byte gives an error or an array`() {
    for sample in [NumpySamples.plain, NumpySamples.third, NumpySamples.big] {
      for place in sample.indices {
        for mask in [1, 2, 8, 0x80, 0xFF] as [UInt8] {
          var damaged = sample
          damaged[place] ^= mask
          guard let tensor = try? read(damaged) else { continue }
          _ = try? tensor.doubles()
        }
      }
    }
  }
}

@Suite struct NpzTests {
  @Test func `archives written by numpy are read`() throws {
    let stored = try NpzFile(MemorySource(NumpySamples.stored))
    #expect(stored.names == ["a", "b"])
    #expect(try stored.read("a")?.shape == [2, 3])
    #expect(try stored.read("b")?.floats() == [0, 1, 2])
    #expect(try stored.read("c") == nil)
    let deflated = try NpzFile(MemorySource(NumpySamples.deflated))
    #expect(try deflated.read("a") == stored.read("a"))
    #expect(try deflated.read("zeros")?.floats() == [Float](repeating: 0, count: 100))
    #expect(NpzFile.recognizes(MemorySource(NumpySamples.deflated)))
  }

  @Test func `written arrays read back`() throws {
    let arrays = [
      ("logits", TensorData(shape: [1, 2], floats: [1, 2])), ("é", TensorData(shape: [], doubles: [3])),
    ]
    var bytes: [UInt8] = []
    try NpzFile.write(arrays.map { (name: $0.0, data: $0.1) }) { piece in bytes += piece }
    let file = try NpzFile(MemorySource(bytes))
    #expect(file.names == ["logits", "é"])
    for (name, data) in arrays { #expect(try file.read(name) == data) }
    var empty: [UInt8] = []
    try NpzFile.write([]) { piece in empty += piece }
    #expect(try NpzFile(MemorySource(empty)).names.isEmpty)
    #expect(throws: ParseFailure.self) {
      try NpzFile.write([("a", arrays[0].1), ("a", arrays[0].1)]) { _ in }
    }
  }

  @Test func `every truncation is rejected`() {
    for sample in [NumpySamples.stored, NumpySamples.deflated] {
      for length in sample.indices {
        #expect(throws: ParseFailure.self) { try NpzFile(MemorySource(Array(sample[..<length]))) }
      }
    }
  }

  /// The CRC detects every change of an array; a change elsewhere is an error or harmless.
  @Test func `every changed byte gives an error or the same arrays`() throws {
    for sample in [NumpySamples.stored, NumpySamples.deflated] {
      let original = try NpzFile(MemorySource(sample))
      for place in sample.indices {
        for mask in [1, 4, 0x80, 0xFF] as [UInt8] {
          var damaged = sample
          damaged[place] ^= mask
          guard let file = try? NpzFile(MemorySource(damaged)) else { continue }
          for name in file.names {
            guard let data = try? file.read(name), original.names.contains(name) else { continue }
            #expect(try data == original.read(name))
          }
        }
      }
    }
  }

  @Test func `an entry that claims too many bytes is refused before anything is allocated`() throws {
    var limits = ParseLimits()
    limits[.inflatedBytes] = 100
    let file = try NpzFile(MemorySource(NumpySamples.deflated), limits: limits)
    #expect(throws: ParseFailure.self) { try file.read("zeros") }
  }
}
