import SWTTensors
import Testing

@Suite struct ScalarTypeTests {
  struct Truth: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let itemSize: Int
    var isFloatingPoint = false
    var isComplex = false
  }

  /// `dtype.itemsize`, `is_floating_point` and `is_complex` of torch 2.13.
  static let torch: [Truth] =
    [
      "bool", "int8", "uint8", "qint8", "quint8", "quint4x2", "quint2x4", "bits8", "bits1x8", "bits2x4",
      "bits4x2",
    ]
    .map { Truth(testDescription: $0, itemSize: 1) }
    + ["int16", "uint16", "bits16"].map { Truth(testDescription: $0, itemSize: 2) }
    + ["int32", "uint32", "qint32"].map { Truth(testDescription: $0, itemSize: 4) }
    + ["int64", "uint64"].map { Truth(testDescription: $0, itemSize: 8) }
    + ["e4m3fn", "e5m2", "e4m3fnuz", "e5m2fnuz", "e8m0fnu"].map {
      Truth(testDescription: "float8_\($0)", itemSize: 1, isFloatingPoint: true)
    }
    + [("float16", 2), ("bfloat16", 2), ("float32", 4), ("float64", 8)].map {
      Truth(testDescription: $0, itemSize: $1, isFloatingPoint: true)
    }
    + [("complex32", 4), ("complex64", 8), ("complex128", 16)].map {
      Truth(testDescription: $0, itemSize: $1, isComplex: true)
    }

  @Test(arguments: torch)
  func `a type has the name, the size and the kind that PyTorch gives it`(truth: Truth) throws {
    let type = try #require(ScalarType(rawValue: truth.testDescription))
    #expect(type.byteWidth == truth.itemSize)
    #expect(type.isFloatingPoint == truth.isFloatingPoint)
    #expect(type.isComplex == truth.isComplex)
    // A complex number is two real ones, each with its own byte order.
    #expect(type.swapWidth == (truth.isComplex ? truth.itemSize / 2 : truth.itemSize))
  }

  @Test func `only two types are not in that table`() {
    let named = Set(Self.torch.map(\.testDescription))
    // One is newer than torch 2.13; the other is two numbers, and PyTorch calls it floating-point.
    #expect(
      Set(ScalarType.allCases.map(\.rawValue)).subtracting(named) == ["bcomplex32", "float4_e2m1fn_x2"])
  }

  @Test(arguments: [(0, 0, 0), (1, 1, 1), (2, 1, 1), (3, 2, 1), (4, 2, 1), (5, 3, 2), (9, 5, 3)])
  func `elements that share a byte fill the last one up`(elements: Int, fours: Int, twos: Int) {
    #expect(ScalarType.quint4x2.byteCount(elements: elements) == fours)
    #expect(ScalarType.quint2x4.byteCount(elements: elements) == twos)
    #expect(ScalarType.qint8.byteCount(elements: elements) == elements)
  }

  @Test(arguments: ScalarType.allCases)
  func `a size that is no Int is none`(type: ScalarType) {
    let most = Int.max / type.byteWidth
    if type.packedBits == nil {
      #expect(type.byteCount(elements: most) == most * type.byteWidth)
      if type.byteWidth > 1 { #expect(type.byteCount(elements: most + 1) == nil) }
    } else {
      #expect(type.byteCount(elements: Int.max) != nil)
    }
  }
}
