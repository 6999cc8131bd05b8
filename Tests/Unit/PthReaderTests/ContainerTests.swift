import PthReader
import SWTBytes
import TestSupport
import Testing

/// Lists and dicts are filled at once or step by step, and objects get one state or several; the contents do not
/// depend on it.
@Suite struct ContainerTests {
  private func tensor(_ pickle: PickleBuilder) -> PickleBuilder {
    pickle.tensor(count: 4, size: [2], stride: [1])
  }

  private func paths(_ pickle: PickleBuilder) throws -> [String] {
    try CheckpointReader.read(MemorySource(ZipBuilder.checkpoint(pickle.stop()))).tensors.map(\.name)
  }

  @Test(arguments: [[6], [1, 5], [1, 1, 1, 1, 1, 1], [3, 3], [0, 2, 0, 4]])
  func `a dict has the same items, in whatever steps it was filled`(steps: [Int]) throws {
    var pickle = PickleBuilder().op(0x7D)
    var next = 0
    for step in steps {
      // One item is SETITEM, others MARK and SETITEMS.
      if step != 1 { pickle = pickle.op(0x28) }
      for _ in 0..<step {
        pickle = tensor(pickle.text("k\(next)"))
        next += 1
      }
      pickle = pickle.op(step == 1 ? 0x73 : 0x75)
    }
    #expect(try paths(pickle) == (0..<6).map { "k\($0)" })
  }

  @Test(arguments: [[6], [1, 5], [1, 1, 1, 1, 1, 1], [3, 3], [0, 2, 0, 4]])
  func `a list has the same elements, in whatever steps it was filled`(steps: [Int]) throws {
    // Another list is filled in between, so neither is contiguous.
    var pickle = PickleBuilder().op(0x7D).text("a").op(0x5D).op(0x71, [1]).op(0x73)
    pickle = pickle.text("b").op(0x5D).op(0x71, [2]).op(0x73)
    for step in steps {
      for list: UInt8 in [1, 2] {
        pickle = pickle.op(0x68, [list])
        if step != 1 { pickle = pickle.op(0x28) }
        for _ in 0..<step { pickle = tensor(pickle) }
        pickle = pickle.op(step == 1 ? 0x61 : 0x65).op(0x30)
      }
    }
    let expected = ["a", "b"].flatMap { list in (0..<6).map { "\(list).\($0)" } }
    #expect(try paths(pickle) == expected)
  }

  @Test func `an object keeps every state and every item`() throws {
    // Box() with items, then BUILD twice.
    var pickle = PickleBuilder().global("boxes", "Box").op(0x29).op(0x52)
    pickle = tensor(pickle.text("x")).op(0x73)
    pickle = tensor(pickle.op(0x28).text("y")).op(0x75)
    for name in ["p", "q"] { pickle = tensor(pickle.op(0x7D).text(name)).op(0x73).op(0x62) }
    #expect(try Set(paths(pickle)) == ["x", "y", "p", "q"])
  }
}
