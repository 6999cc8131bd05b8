import SWT
import SWTTensors
import TestSupport
import Testing

/// Loads tensors as float32 in other layouts and compares with explicit index arithmetic.
@Suite struct FloatsTests {
  /// A tensor in which each element is its logical row-major index, stored in the given order.
  private static func file(_ shape: [Int], order: [Int]? = nil) throws -> SWTFile {
    let count = shape.reduce(1, *)
    var stored: [Float] = []
    let order = order ?? Array(shape.indices)
    var index = [Int](repeating: 0, count: shape.count)
    for _ in 0..<count {
      stored.append(Float(flat(index, shape)))
      for dimension in order.reversed() {
        index[dimension] += 1
        if index[dimension] < shape[dimension] { break }
        index[dimension] = 0
      }
    }
    var sample = Sample()
    sample.add("w", .f32, shape, Sample.floats(stored), order: order)
    return try SWTFile(bytes: sample.bytes())
  }

  private static func flat(_ index: [Int], _ shape: [Int]) -> Int {
    zip(index, shape).reduce(0) { $0 * $1.1 + $1.0 }
  }

  @Test(arguments: [nil, [0, 2, 3, 1], [3, 1, 0, 2]] as [[Int]?])
  func `row-major and channels-last are loaded from any stored order`(order: [Int]?) throws {
    let shape = [5, 3, 2, 4]
    let view = try Self.file(shape, order: order).view(named: "w")
    #expect(try view.floats() == ContiguousArray((0..<120).map(Float.init)))
    var expected: [Float] = []
    for o in 0..<5 {
      for h in 0..<2 {
        for w in 0..<4 {
          for i in 0..<3 { expected.append(Float(Self.flat([o, i, h, w], shape))) }
        }
      }
    }
    #expect(try Array(view.floats(.ohwi)) == expected)
  }

  @Test(arguments: [1, 2, 4, 5, 8, 16])
  func `blocks of channels are zero-padded`(size: Int) throws {
    let shape = [5, 3, 2, 2]
    let view = try Self.file(shape, order: [1, 0, 3, 2]).view(named: "w")
    var expected: [Float] = []
    for block in 0..<(5 + size - 1) / size {
      for i in 0..<3 {
        for h in 0..<2 {
          for w in 0..<2 {
            for o in block * size..<(block + 1) * size {
              expected.append(o < 5 ? Float(Self.flat([o, i, h, w], shape)) : 0)
            }
          }
        }
      }
    }
    #expect(try Array(view.floats(.blocked(outputs: size))) == expected)
    #expect(view.elementCount(in: .blocked(outputs: size)) == expected.count)
    var both: [Float] = []
    for ob in 0..<(5 + size - 1) / size {
      for ib in 0..<2 {
        for h in 0..<2 {
          for w in 0..<2 {
            for i in 2 * ib..<2 * ib + 2 {
              for o in ob * size..<(ob + 1) * size {
                both.append(o < 5 && i < 3 ? Float(Self.flat([o, i, h, w], shape)) : 0)
              }
            }
          }
        }
      }
    }
    #expect(try Array(view.floats(.blocked(inputs: 2, outputs: size))) == both)
  }

  @Test func `the innermost level may be a dimension with a stride`() throws {
    let shape = [3, 4]
    let view = try Self.file(shape).view(named: "w")
    // Columns in pairs, rows inside: [column / 2][row][column % 2].
    let nested = try view.floats(.nest([.dimension(1), .dimension(0), .block(1, size: 2)]))
    #expect(Array(nested) == [0, 1, 4, 5, 8, 9, 2, 3, 6, 7, 10, 11])
    #expect(try Self.file([]).view(named: "w").floats() == [0])
    #expect(try Self.file([0, 3]).view(named: "w").floats(.order([1, 0])) == [])
  }

  @Test func `every bit pattern of 16 and 8 bits widens to its value`() throws {
    let halves = (0...UInt16.max).flatMap { [UInt8(truncatingIfNeeded: $0), UInt8($0 >> 8)] }
    let bytes = (0...255).map { UInt8($0) }
    var sample = Sample()
    sample.add("half", .f16, [65536], halves)
    sample.add("brain", .bf16, [65536], halves)
    sample.add("e4m3", .f8e4m3fn, [256], bytes)
    sample.add("i8", .i8, [256], bytes)
    sample.add("i4", .i4, [511], bytes.dropLast() + [0x0F])
    let file = try SWTFile(bytes: sample.bytes())
    let half = try file.view(named: "half").floats()
    #expect(half[0x3C00] == 1 && half[0xC000] == -2 && half[0x0001] == 0x1p-24 && half[0x7BFF] == 65504)
    #expect(half[0x7C00] == .infinity && half[0x7C01].isNaN && half[0x8000].sign == .minus)
    let brain = try file.view(named: "brain").floats()
    #expect(brain.indices.allSatisfy { brain[$0].bitPattern == UInt32($0) << 16 })
    // The largest e4m3fn number is 448; the type has no infinity (OCP FP8, table 2).
    let eighth = try file.view(named: "e4m3").floats()
    #expect(eighth[0x7E] == 448 && eighth[0x7F].isNaN && eighth[0x38] == 1 && eighth[0x01] == 0x1p-9)
    #expect(try file.view(named: "i8").floats()[200] == -56)
    let nibbles = try file.view(named: "i4").floats()
    // Low nibble first, two's complement.
    #expect(nibbles[2] == 1 && nibbles[3] == 0 && nibbles[2 * 0x8F] == -1 && nibbles[2 * 0x8F + 1] == -8)
  }

  @Test func `quantized tensors become scale times q minus zero, per tensor, channel and block`() throws {
    var sample = Sample()
    let integers = (0..<24).map { UInt8(bitPattern: Int8($0 - 12)) }
    sample.contents.quantizations = [
      SWTQuantization(scheme: .perTensor, isSymmetric: false, scaleTensor: 3, zeroTensor: 4),
      SWTQuantization(scheme: .perChannel, axis: 1, isSymmetric: true, scaleTensor: 5),
      SWTQuantization(scheme: .perBlock, axis: 1, isSymmetric: true, block: 3, scaleTensor: 6),
    ]
    sample.add("t", .i8, [6, 4], integers, quantization: 0)
    sample.add("c", .i8, [6, 4], integers, order: [1, 0], quantization: 1)
    sample.add("b", .i8, [6, 4], integers, quantization: 2)
    sample.add("t.scale", .f32, [1], Sample.floats([0.5]), role: .scale)
    sample.add("t.zero", .i32, [1], [3, 0, 0, 0], role: .zeroPoint)
    sample.add("c.scale", .f32, [4], Sample.floats([1, 2, 4, 8]), role: .scale)
    sample.add("b.scale", .f32, [12], Sample.floats((1...12).map(Float.init)), role: .scale)
    let file = try SWTFile(bytes: sample.bytes())
    #expect(
      try Array(file.view(named: "t").floats()) == (0..<24).map { (i: Int) -> Float in 0.5 * Float(i - 15) })
    // Stored by columns: element (r, c) is integer 6 c + r.
    let perChannel: [Float] = [1, 2, 4, 8]
    let channels = (0..<24).map { (i: Int) -> Float in
      let (row, column) = (i / 4, i % 4)
      return Float(6 * column + row - 12) * perChannel[column]
    }
    #expect(try Array(file.view(named: "c").floats()) == channels)
    // Blocks of three along the axis: two scales per row, six rows.
    let blocks = (0..<24).map { (i: Int) -> Float in
      let (row, column) = (i / 4, i % 4)
      return Float(i - 12) * Float(2 * row + column / 3 + 1)
    }
    #expect(try Array(file.view(named: "b").floats()) == blocks)
    #expect(throws: SWTError(.dtype)) {
      var packed = Sample()
      packed.add("p", .opaque, [2], [1, 2])
      _ = try SWTFile(bytes: packed.bytes()).view(named: "p").floats()
    }
  }
}
