import SWTBytes
import SWTTensors
import Testing

@Suite struct StridedLayoutTests {
  /// Places of all elements in a storage, one by one.
  private static func places(_ layout: StridedLayout) -> [Int] {
    var places = [layout.offset]
    for (size, stride) in zip(layout.shape, layout.strides) {
      places = places.flatMap { place in (0..<size).map { place + $0 * stride } }
    }
    return places
  }

  @Test func `a storage has to reach to the last element that a view has`() throws {
    var seed: UInt64 = 0
    func draw(_ below: UInt64) -> Int {
      seed += 1
      return Int(SplitMix64.at(seed) % below)
    }
    for _ in 0..<2000 {
      let shape = (0..<draw(5)).map { _ in draw(4) }
      let strides = shape.map { _ in draw(20) }
      let layout = try StridedLayout(shape: shape, strides: strides, offset: draw(9))
      let places = Self.places(layout)
      #expect(layout.elementCount == places.count)
      #expect(layout.requiredElements == (places.max().map { $0 + 1 } ?? 0))
      let isRowMajor = places == Array(layout.offset..<layout.offset + places.count)
      #expect(layout.isContiguous == isRowMajor || places.count < 2, "\(layout)")
    }
  }

  @Test(
    arguments: [
      ([], []), ([5], [1]), ([2, 3, 4], [12, 4, 1]), ([2, 0, 4], [4, 4, 1]), ([1, 1], [1, 1]),
    ] as [([Int], [Int])])
  func `without strides a tensor is row-major`(shape: [Int], strides: [Int]) throws {
    let layout = try StridedLayout(shape: shape, strides: nil)
    #expect(layout.strides == strides && layout.isContiguous)
    #expect(layout.requiredElements == layout.elementCount)
  }

  @Test func `a stride of zero repeats an element`() throws {
    let layout = try StridedLayout(shape: [1000, 1000], strides: [0, 0], offset: 7)
    #expect(layout.elementCount == 1_000_000 && layout.requiredElements == 8 && !layout.isContiguous)
  }

  @Test(
    arguments: [
      ([-1], nil, 0), ([2], [-1], 0), ([2], [1], -1), ([2, 2], [1], 0), ([1 << 40, 1 << 40], nil, 0),
      ([3], [Int.max / 2 + 1], 0), ([2], [1], Int.max), ([2, 2], [Int.max / 2, Int.max / 2 + 1], 2),
    ] as [([Int], [Int]?, Int)])
  func `what no storage can hold is an error`(shape: [Int], strides: [Int]?, offset: Int) {
    #expect(throws: ParseFailure.self) {
      try StridedLayout(shape: shape, strides: strides, offset: offset)
    }
  }
}
