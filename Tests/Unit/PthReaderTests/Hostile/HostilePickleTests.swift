import PthReader
import SWTBytes
import TestSupport
import Testing

/// Pickles that lie, overflow, recurse or repeat.
@Suite struct HostilePickleTests {
  private func read(_ bytes: [UInt8], _ limits: ParseLimits = ParseLimits()) throws -> Checkpoint {
    try CheckpointReader.read(MemorySource(ZipBuilder.checkpoint(bytes)), limits: limits)
  }

  /// A dict with these keys and values, all given as opcodes.
  private func names(_ items: [(key: [UInt8], value: [UInt8])]) throws -> [String] {
    var pickle = PickleBuilder(protocol: 4).op(0x7D).op(0x28)
    for item in items { pickle = pickle.raw(item.key).raw(item.value) }
    return try read(pickle.op(0x75).stop()).tensors.map(\.name)
  }

  private static let tensor = PickleBuilder(protocol: nil).tensor(count: 4, size: [4], stride: [1]).bytes
  private static func text(_ text: String) -> [UInt8] { PickleBuilder(protocol: nil).text(text).bytes }

  struct Program: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let bytes: [UInt8]
    init(_ description: String, _ bytes: [UInt8]) { (testDescription, self.bytes) = (description, bytes) }
  }

  static let refused: [Program] = [
    // 1. Lengths.
    Program("bytes of 2^64 - 1", [0x80, 4, 0x8E] + [UInt8](repeating: 0xFF, count: 8)),
    Program("a bytearray of 2^63", [0x80, 5, 0x96, 0, 0, 0, 0, 0, 0, 0, 0x80]),
    Program("a string of negative length", [0x80, 2, 0x54, 0xFF, 0xFF, 0xFF, 0xFF]),
    Program("a number of 255 missing bytes", [0x80, 2, 0x8A, 255, 1]),
    // 6. The stack.
    Program("POP below everything", [0x80, 2, 0x30, 0x2E]),
    Program("DUP of nothing", [0x80, 2, 0x32, 0x2E]),
    Program("an odd number of items", [0x80, 2, 0x7D, 0x28, 0x4E, 0x4E, 0x4E, 0x75, 0x2E]),
    Program("an item set on a tuple", [0x80, 2, 0x29, 0x4E, 0x4E, 0x73, 0x2E]),
    Program("an element appended to a dict", [0x80, 2, 0x7D, 0x4E, 0x61, 0x2E]),
    Program("keyword arguments that are a list", [0x80, 4, 0x4E, 0x29, 0x5D, 0x92, 0x2E]),
    Program("OBJ without a class", [0x80, 1, 0x28, 0x6F, 0x2E]),
    // 7. Names.
    Program("a global that ends with the file", [0x80, 2, 0x63] + Array("torch\nFloatStorage".utf8)),
    Program("a global without a name", [0x80, 2, 0x63, 0x61, 0x0A, 0x0A, 0x2E]),
    Program("a global of 5,000 letters", [0x80, 2, 0x63] + [UInt8](repeating: 0x61, count: 5000) + [0x0A]),
    // 8. Frames.
    Program("a frame of 2^64 - 1", [0x80, 4, 0x95] + [UInt8](repeating: 0xFF, count: 8) + [0x4E, 0x2E]),
    // 9. The registry.
    Program("extension 7", [0x80, 2, 0x82, 7, 0x2E]),
    Program("extension 700", [0x80, 2, 0x83, 0xBC, 2, 0x2E]),
    Program("extension -1", [0x80, 2, 0x84, 0xFF, 0xFF, 0xFF, 0xFF, 0x2E]),
    Program("a read-only buffer", [0x80, 5, 0x4E, 0x98, 0x2E]),
    Program("a bad escape", Array("V\\u12\n.".utf8)),
    Program("an escape beyond Unicode", Array("V\\U00110000\n.".utf8)),
    Program("a string without quotes", Array("Sabc\n.".utf8)),
    // 10. Numbers as text.
    Program("a number of letters", Array("Iabc\n.".utf8)), Program("an empty number", Array("L\n.".utf8)),
    Program("a float of letters", Array("Fx\n.".utf8)),
    Program("a memo index of letters", Array("Np1a\n.".utf8)),
  ]

  @Test(arguments: refused)
  func `a lie is one error with its offset`(program: Program) throws {
    let failure = try #require(throws: ParseFailure.self) { try read(program.bytes) }
    #expect(failure.offset != nil)
    #expect(failure.description.contains("data.pkl"))
  }

  @Test(arguments: Array(UInt8.min...UInt8.max))
  func `no opcode crashes on an empty stack or at the end of the file`(code: UInt8) {
    for rest in [[], [0], [0xFF], [UInt8](repeating: 0, count: 16), [UInt8](repeating: 0xFF, count: 16)] {
      _ = try? read([0x80, 4, code] + rest)
      _ = try? read([0x80, 4, 0x28, code] + rest + [0x2E])
      _ = try? read([0x80, 4, 0x4E, 0x29, code] + rest + [0x2E])
    }
  }

  @Test func `an extension code is reported`() throws {
    let failure = try #require(throws: ParseFailure.self) { try read([0x80, 2, 0x83, 0xBC, 2, 0x2E]) }
    #expect(failure.description.contains("700"))
  }

  @Test func `INST and OBJ create the same as REDUCE`() throws {
    let inst = PickleBuilder(protocol: nil).op(0x28).op(0x69, Array("collections\nOrderedDict\n".utf8)).text(
      "a"
    )
    .raw(Self.tensor).op(0x73)
    let obj = PickleBuilder(protocol: nil).op(0x28).global("collections", "OrderedDict").op(0x6F).text("a")
      .raw(Self.tensor).op(0x73)
    for pickle in [inst, obj] { #expect(try read(pickle.stop()).tensors.map(\.name) == ["a"]) }
  }

  @Test func `textual persistent IDs are kept and are not storages`() throws {
    let checkpoint = try read(PickleBuilder(protocol: nil).op(0x50, Array("some id\n".utf8)).stop())
    #expect(checkpoint.tensors.isEmpty)
  }

  // 2, 3. The memo.

  @Test func `the same list twice, twenty levels deep, costs no more than its bytes`() throws {
    var pickle = PickleBuilder().op(0x5D)
    for i in 0..<20 {
      pickle = pickle.op(0x71, [UInt8(i)]).op(0x30).op(0x68, [UInt8(i)]).op(0x68, [UInt8(i)]).op(0x86)
    }
    #expect(throws: ParseFailure.self) { try read(pickle.stop()) }
  }

  @Test func `a memo index of 2^32 - 1 takes one slot`() throws {
    let pickle = PickleBuilder().raw(Self.tensor).op(0x72, [255, 255, 255, 255]).op(0x30)
      .op(0x6A, [255, 255, 255, 255]).stop()
    #expect(try read(pickle).tensors.count == 1)
  }

  @Test func `MEMOIZE counts slots and PUT may overwrite one`() throws {
    // MEMOIZE stores None at 0; PUT 0 replaces it by the tensor.
    let pickle = PickleBuilder(protocol: 4).op(0x4E).op(0x94).op(0x30).raw(Self.tensor).op(0x71, [0]).op(0x30)
      .op(0x68, [0]).stop()
    #expect(try read(pickle).tensors.count == 1)
  }

  @Test func `memo slots may be filled in any order`() throws {
    // 3 before 0, 1 and 2; MEMOIZE then fills 4, and PUT replaces 3.
    let pickle = PickleBuilder().raw(Self.tensor).op(0x71, [3]).op(0x30)
      .op(0x4E).op(0x71, [0]).op(0x71, [1]).op(0x71, [2]).op(0x30)
      .op(0x68, [3]).op(0x94).op(0x30)
      .op(0x4E).op(0x71, [3]).op(0x30)
    #expect(try read(pickle.op(0x68, [4]).stop()).tensors.count == 1)
    #expect(try read(pickle.op(0x68, [3]).stop()).tensors.isEmpty)
    #expect(throws: ParseFailure.self) { try read(pickle.op(0x68, [5]).stop()) }
  }

  // 4. Cycles.

  static let cycles: [Program] = [
    Program(
      "a dict that contains itself",
      PickleBuilder().op(0x7D).op(0x71, [0]).text("a").op(0x68, [0]).op(0x73).stop()),
    Program(
      "a state that contains its object",
      PickleBuilder().global("m", "C").op(0x29).op(0x81).op(0x71, [0]).op(0x7D).text("a").op(0x68, [0]).op(
        0x73
      )
      .op(0x62).stop()),
    Program(
      "arguments that contain the list being filled",
      PickleBuilder().op(0x5D).op(0x71, [0]).global("m", "C").op(0x68, [0]).op(0x85).op(0x52).op(0x61).stop()),
    Program(
      "a dict as its own key", PickleBuilder().op(0x7D).op(0x71, [0]).op(0x68, [0]).op(0x4E).op(0x73).stop()),
    Program(
      "a parameter of itself",
      PickleBuilder().global("torch._utils", "_rebuild_parameter").op(0x5D).op(0x71, [0]).op(0x4E).op(0x87)
        .op(0x52)
        .stop()),
  ]

  @Test(arguments: cycles)
  func `a cycle ends the traversal`(program: Program) {
    #expect((try? read(program.bytes))?.tensors.isEmpty ?? true)
  }

  // 5. Depth.

  @Test(arguments: [UInt8(0x85), 0x5D])
  func `half a million levels are an error and not a crash`(code: UInt8) throws {
    let depth = 500_000
    let bytes: [UInt8] =
      code == 0x85
      ? [0x80, 2, 0x5D] + [UInt8](repeating: code, count: depth) + [0x2E]
      : [0x80, 2] + [UInt8](repeating: code, count: depth) + [UInt8](repeating: 0x61, count: depth - 1) + [
        0x2E
      ]
    let failure = try #require(throws: ParseFailure.self) { try read(bytes) }
    #expect(failure.reason == .limit(.depth, value: 501, maximum: 500))
  }

  /// Values as deep as the limit allows, of each kind that the traversal enters, with a tensor inside.
  static let deep: [Program] = {
    func nest(_ name: String, _ open: [UInt8], _ close: [UInt8], levels: Int) -> Program {
      let opening = (0..<levels).flatMap { _ in open }
      let closing = (0..<levels).flatMap { _ in close }
      return Program(name, [0x80, 2] + opening + tensor + closing + [0x2E])
    }
    let ordered = PickleBuilder(protocol: nil).global("collections", "OrderedDict").op(0x29).op(0x52).text(
      "k"
    ).bytes
    let object = PickleBuilder(protocol: nil).global("m", "C").op(0x29).op(0x81).bytes
    let module =
      object
      + PickleBuilder(protocol: nil).op(0x7D).text("_parameters").op(0x7D).op(0x73).text("_modules").op(0x7D)
      .text("m").bytes
    let limit = Int(ParseLimits()[.depth])
    return [
      nest("lists", [0x5D], [0x61], levels: limit - 1), nest("tuples", [], [0x85], levels: limit - 1),
      nest("dicts", [0x7D] + text("k"), [0x73], levels: limit - 1),
      nest("ordered dicts", ordered, [0x73], levels: limit - 1),
      nest("states", object, [0x62], levels: limit - 1),
      nest("arguments", Array("cm\nC\n".utf8), [0x85, 0x52], levels: limit - 1),
      nest("modules", module, [0x73, 0x73, 0x62], levels: limit / 3 - 1),
    ]
  }()

  @Test(arguments: deep)
  func `values of the maximum depth fit on a small stack`(program: Program) throws {
    try SmallStack.run {
      let checkpoint = try? CheckpointReader.read(MemorySource(ZipBuilder.checkpoint(program.bytes)))
      if checkpoint?.tensors.count != 1 { Issue.record("\(program.testDescription): no tensor") }
    }
  }

  // 7, 9, 10. Text and numbers that are odd but allowed.

  @Test func `names that are not UTF-8 are kept`() throws {
    #expect(try names([([0x55, 2, 0xC3, 0x28], Self.tensor)]) == ["Ã("])
    #expect(try names([(Array("V\\u00e9\\\\u0041\n".utf8), Self.tensor)]) == ["é\\\\u0041"])
    #expect(try names([(Array("S'a\\x41\\n\\''\n".utf8), Self.tensor)]) == ["aA\n'"])
    #expect(try names([(Self.text("a\u{0}/../b"), Self.tensor)]) == ["a\u{0}/../b"])
  }

  @Test func `numbers of every opcode become keys as Python prints them`() throws {
    let keys: [([UInt8], String)] = [
      (Array("I01\n".utf8), "True"), (Array("I00\n".utf8), "False"), (Array("I-7\n".utf8), "-7"),
      ([0x8A, 0], "0"),
      ([0x8A, 1, 0xFE], "-2"), ([0x8A, 9, 0, 0, 0, 0, 0, 0, 0, 0, 1], "18446744073709551616"),
      (Array("Fnan\n".utf8), "nan"), (Array("F1e999\n".utf8), "inf"),
      (Array("L12345678901234567890L\n".utf8), "12345678901234567890"),
      ([0x4E], "None"),
    ]
    for (key, name) in keys { #expect(try names([(key, Self.tensor)]) == [name]) }
  }

  @Test func `ten million digits are not turned into a number`() throws {
    let digits = [UInt8](repeating: 0x31, count: 1_000_000)
    #expect(try read([0x80, 2, 0x4C] + digits + [0x4C, 0x0A, 0x2E]).tensors.isEmpty)
  }

  // 11. Keys.

  @Test func `1, 1.0 and True are one key, "1" is another`() throws {
    let float: [UInt8] = [0x47, 0x3F, 0xF0, 0, 0, 0, 0, 0, 0]
    #expect(try names([([0x4B, 1], Self.tensor), (float, Self.tensor), ([0x88], Self.tensor)]) == ["1"])
    #expect(try names([([0x4B, 1], Self.tensor), (Self.text("1"), Self.tensor)]) == ["1", "1"])
  }

  @Test func `the last value of two equal keys counts`() throws {
    #expect(try names([(Self.text("a"), Self.tensor), (Self.text("a"), [0x4E])]).isEmpty)
  }

  @Test func `every NaN is a separate key`() throws {
    let nan: [UInt8] = [0x47, 0x7F, 0xF8, 0, 0, 0, 0, 0, 0]
    #expect(try names([(nan, Self.tensor), (nan, Self.tensor)]) == ["nan", "nan"])
  }

  @Test func `a key of a hundred kilobytes is refused`() throws {
    let failure = try #require(throws: ParseFailure.self) {
      try names([(Self.text(String(repeating: "k", count: 100_000)), Self.tensor)])
    }
    #expect(failure.description.contains("name-bytes"))
  }

  // 8, 12, 13.

  @Test func `frames do not change what is read`() throws {
    let honest = [0x80, 4] + Self.tensor + [0x2E]
    let framed: [UInt8] = [0x80, 4, 0x95, 3, 0, 0, 0, 0, 0, 0, 0] + Self.tensor + [0x2E]
    #expect(try read(framed).tensors.map(\.shape) == read(honest).tensors.map(\.shape))
  }

  @Test func `opcodes after STOP are never read`() throws {
    let checkpoint = try read([0x80, 2, 0x4E, 0x2E] + Array("cposix\nsystem\n".utf8))
    #expect(checkpoint.globals.isEmpty)
  }

  @Test func `a magic number computed by a call is not a legacy stream`() {
    let pickle = PickleBuilder().global("builtins", "eval").text("0x1950a86a20f9469cfc6c").op(0x85).op(0x52)
      .stop()
    let checkpoint = try? CheckpointReader.read(MemorySource(pickle))
    #expect(checkpoint?.container == .pickle)
    #expect(checkpoint?.globals.first?.name.isDangerous == true)
  }

  @Test func `nesting of files ends at the limit`() throws {
    var file = PickleBuilder().op(0x4E).stop()
    for _ in 0..<12 {
      let count = UInt32(file.count)
      file =
        PickleBuilder(protocol: 3).global("torch.storage", "_load_from_bytes")
        .op(0x42, (0..<4).map { UInt8(truncatingIfNeeded: count >> (8 * $0)) } + file).op(0x85).op(0x52)
        .stop()
    }
    let failure = try #require(throws: ParseFailure.self) { try CheckpointReader.read(MemorySource(file)) }
    #expect(failure.reason == .limit(.nesting, value: 9, maximum: 8))
  }

  @Test(arguments: ParseLimits.Name.allCases)
  func `every limit can be set to zero, and then refuses or does not apply`(name: ParseLimits.Name) throws {
    var limits = ParseLimits()
    limits[name] = 0
    let applies: Set<ParseLimits.Name> = [
      .pickleBytes, .pickleNodes, .globals, .depth, .walkSteps, .tensors, .entries, .rank, .nameBytes,
      .pathBytes,
    ]
    let pickle = PickleBuilder().op(0x7D).text("a").raw(Self.tensor).op(0x73).stop()
    if applies.contains(name) {
      let failure = try #require(throws: ParseFailure.self) { try read(pickle, limits) }
      #expect(failure.hint?.contains("raise the limit") == true, "\(failure)")
    } else {
      #expect(try read(pickle, limits).tensors.count == 1)
    }
  }
}
