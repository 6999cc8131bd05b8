internal import SWTBytes

/// The result of reading a pickle: its objects, and the names that it mentions.
package struct Pickle: Sendable {
  package let arena: PickleArena
  package let root: NodeID
  /// Every global in order of first mention, with the offset of that mention.
  package let globals: [(name: GlobalName, offset: Int)]
}

/// Reads a pickle into an arena of plain data. Nothing is executed, imported or looked up.
///
/// Supports every opcode of protocols 0 to 5. Calls (REDUCE, NEWOBJ, INST, OBJ, BUILD) become records; which
/// of them construct tensors is decided later, by a closed set of names. Frames are checked against the end
/// of the data, but otherwise ignored.
struct PickleMachine {
  private var reader: ByteReader
  private let limits: ParseLimits
  private let start: Int
  private let byteLimit: Int
  private let arena: PickleArena
  private var stack: [NodeID] = []
  /// Stack heights at which MARK was pushed.
  private var marks: [Int] = []
  private var memo = PickleMemo()
  private var globals: [(name: GlobalName, offset: Int)] = []
  private var globalNodes: [GlobalName: NodeID] = [:]
  /// Bytes of strings that stay in the file.
  private var externalBytes = 0

  /// Reads one pickle at the reader's position, and leaves the reader after its STOP.
  ///
  /// - Throws: ``ParseFailure`` with the offset of the opcode at fault.
  static func read(_ reader: inout ByteReader, limits: ParseLimits) throws(ParseFailure) -> Pickle {
    var machine = PickleMachine(reader: reader, limits: limits)
    let root = try machine.run()
    reader = machine.reader
    return Pickle(arena: machine.arena, root: root, globals: machine.globals)
  }

  private init(reader: ByteReader, limits: ParseLimits) {
    self.reader = reader
    self.limits = limits
    start = reader.offset
    byteLimit = Int(clamping: limits[.pickleBytes])
    arena = PickleArena(source: reader.source, limits: limits)
  }

  private mutating func run() throws(ParseFailure) -> NodeID {
    while true {
      let offset = reader.offset
      if offset - start - externalBytes > byteLimit {
        try limits.check(.pickleBytes, offset - start - externalBytes, at: offset)
      }
      let byte = try reader.byte()
      guard let opcode = Opcode(rawValue: byte) else {
        throw ParseFailure(
          .invalid("0x\(String(byte, radix: 16)) is not a pickle opcode"), at: offset)
      }
      do throws(ParseFailure) {
        if opcode == .STOP {
          // Values below it on the stack are dropped, as in Python.
          return try pop()
        }
        try execute(opcode, at: offset)
      } catch {
        var failure = error
        if failure.offset == nil { failure.offset = offset }
        throw failure.inside("pickle opcode 0x\(String(byte, radix: 16)) \(opcode)")
      }
    }
  }

  private mutating func execute(_ opcode: Opcode, at offset: Int) throws(ParseFailure) {
    switch opcode {
    case .STOP: break
    case .PROTO:
      let version = try reader.byte()
      guard version <= 5 else { throw ParseFailure(.unsupported("pickle protocol \(version)")) }
    case .FRAME:
      let length = try reader.read(UInt64.self)
      guard length <= UInt64(reader.remaining) else {
        throw ParseFailure(.truncated(needed: Int(clamping: length), available: reader.remaining))
      }

    case .NONE: push(try arena.none())
    case .NEWTRUE: push(try arena.bool(true))
    case .NEWFALSE: push(try arena.bool(false))
    case .INT: push(try PickleText.int(try reader.line(), arena))
    case .LONG: push(try PickleText.long(try reader.line(), arena))
    case .BININT: push(try arena.int(Int64(Int32(bitPattern: try reader.read(UInt32.self)))))
    case .BININT1: push(try arena.int(Int64(try reader.byte())))
    case .BININT2: push(try arena.int(Int64(try reader.read(UInt16.self))))
    case .LONG1:
      let count = try reader.byte()
      push(try PickleText.twosComplement(try reader.bytes(Int(count)), arena))
    case .LONG4:
      let count = Int32(bitPattern: try reader.read(UInt32.self))
      guard count >= 0 else { throw ParseFailure(.invalid("negative length \(count)")) }
      push(try PickleText.twosComplement(try reader.bytes(Int(count)), arena))
    case .FLOAT: push(try arena.float(try PickleText.float(try reader.line())))
    case .BINFLOAT:
      push(try arena.float(Double(bitPattern: try reader.read(UInt64.self).byteSwapped)))

    case .STRING: push(try arena.text(try PickleText.quoted(try reader.line(limit: textLimit))[...]))
    case .UNICODE: push(try arena.text(try PickleText.rawUnicode(try reader.line(limit: textLimit))[...]))
    case .BINSTRING:
      let count = Int32(bitPattern: try reader.read(UInt32.self))
      guard count >= 0 else { throw ParseFailure(.invalid("negative length \(count)")) }
      push(try string(.text, Int(count)))
    case .SHORT_BINSTRING, .SHORT_BINUNICODE: push(try string(.text, Int(try reader.byte())))
    case .BINUNICODE: push(try string(.text, Int(try reader.read(UInt32.self))))
    case .BINUNICODE8: push(try string(.text, Int(clamping: try reader.read(UInt64.self))))
    case .SHORT_BINBYTES: push(try string(.bytes, Int(try reader.byte())))
    case .BINBYTES: push(try string(.bytes, Int(try reader.read(UInt32.self))))
    case .BINBYTES8, .BYTEARRAY8: push(try string(.bytes, Int(clamping: try reader.read(UInt64.self))))
    case .NEXT_BUFFER, .READONLY_BUFFER:
      throw ParseFailure(.unsupported("out-of-band buffers (protocol 5) are not in this file"))

    case .EMPTY_LIST: push(try arena.container(.list))
    case .EMPTY_TUPLE: push(try arena.tuple([]))
    case .EMPTY_DICT: push(try arena.container(.dict))
    case .EMPTY_SET: push(try arena.container(.set))
    case .LIST: push(try arena.container(.list, try popToMark()))
    case .TUPLE: push(try arena.tuple(try popToMark()))
    case .FROZENSET: push(try arena.container(.set, try popToMark()))
    case .DICT: push(try arena.container(.dict, try pairs(try popToMark())))
    case .TUPLE1: try makeTuple(1)
    case .TUPLE2: try makeTuple(2)
    case .TUPLE3: try makeTuple(3)
    case .APPEND: try addElements([try pop()])
    case .APPENDS, .ADDITEMS: try addElements(try popToMark())
    case .SETITEM:
      let value = try pop()
      let key = try pop()
      try addItems([key, value])
    case .SETITEMS: try addItems(try pairs(try popToMark()))

    case .MARK: marks.append(stack.count)
    case .POP: if stack.count == marks.last { marks.removeLast() } else { _ = try pop() }
    case .POP_MARK: _ = try popToMark()
    case .DUP:
      let id = try top()
      arena.markShared(id)
      push(id)
    case .PUT: try store(try memoIndex(try reader.line()))
    case .BINPUT: try store(UInt32(try reader.byte()))
    case .LONG_BINPUT: try store(try reader.read(UInt32.self))
    case .MEMOIZE: try store(UInt32(memo.count))
    case .GET: try recall(try memoIndex(try reader.line()))
    case .BINGET: try recall(UInt32(try reader.byte()))
    case .LONG_BINGET: try recall(try reader.read(UInt32.self))

    case .GLOBAL: push(try global(try reader.line(limit: 4096), try reader.line(limit: 4096), offset))
    case .STACK_GLOBAL:
      let name = try pop()
      let module = try pop()
      guard let name = arena.rawBytes(name), let module = arena.rawBytes(module) else {
        throw ParseFailure(.invalid("the name of a global is not text"))
      }
      push(try global(module, name, offset))
    case .INST:
      let callable = try global(try reader.line(limit: 4096), try reader.line(limit: 4096), offset)
      push(try arena.object(callable, try arena.tuple(try popToMark())))
    case .OBJ:
      let all = try popToMark()
      guard let callable = all.first else { throw ParseFailure(.invalid("OBJ has no class")) }
      push(try arena.object(callable, try arena.tuple(all.dropFirst())))
    case .REDUCE, .NEWOBJ:
      let arguments = try pop()
      let callable = try pop()
      try requireTuple(arguments)
      push(try arena.object(callable, arguments))
    case .NEWOBJ_EX:
      let keywords = try pop()
      let arguments = try pop()
      let callable = try pop()
      try requireTuple(arguments)
      guard arena.kind(keywords) == .dict else {
        throw ParseFailure(.invalid("keyword arguments are not a dict"))
      }
      push(try arena.object(callable, arguments, keywords: keywords))
    case .BUILD:
      let state = try pop()
      let object = try top()
      guard arena.build(object, state: state) else {
        throw ParseFailure(.invalid("BUILD on a value that is not the result of a call"))
      }
      try readJoblibArray(after: object)
    case .PERSID: push(try arena.persistent(try arena.text(try reader.line(limit: 4096)[...])))
    case .BINPERSID: push(try arena.persistent(try pop()))
    case .EXT1: throw Self.extension(Int(try reader.byte()))
    case .EXT2: throw Self.extension(Int(try reader.read(UInt16.self)))
    case .EXT4: throw Self.extension(Int(Int32(bitPattern: try reader.read(UInt32.self))))
    }
  }

  /// The meaning of an extension code is known only to the registry of the process that wrote it.
  private static func `extension`(_ code: Int) -> ParseFailure {
    ParseFailure(
      .unsupported("copyreg extension code \(code), whose meaning is not in the file"),
      hint: "save the checkpoint again without copyreg extensions")
  }

  /// Textual opcodes may have text as long as the pickle.
  private var textLimit: Int { byteLimit }

  /// A string stored as raw bytes: short ones are read, long ones stay in the file.
  private mutating func string(_ kind: PickleArena.Kind, _ count: Int) throws(ParseFailure) -> NodeID {
    guard count >= PickleArena.externalSize else {
      let bytes = try reader.slice(count)
      return kind == .text ? try arena.text(bytes) : try arena.bytes(bytes)
    }
    let offset = reader.offset
    try reader.skip(count)
    externalBytes += count
    return try arena.external(kind, at: offset, count: count)
  }

  /// Reads the bytes after an array of joblib, as a second state of the object.
  private mutating func readJoblibArray(after object: NodeID) throws(ParseFailure) {
    guard let (byteCount, isPadded) = try JoblibArray.layout(object, arena) else { return }
    if isPadded { try reader.skip(Int(try reader.byte())) }
    let offset = reader.offset
    try reader.skip(byteCount)
    externalBytes += byteCount
    _ = arena.build(object, state: try arena.external(.bytes, at: offset, count: byteCount))
  }

  // MARK: The stack

  private mutating func push(_ id: NodeID) { stack.append(id) }

  private func top() throws(ParseFailure) -> NodeID {
    guard let top = stack.last, stack.count > (marks.last ?? 0) else {
      throw ParseFailure(.invalid("the pickle's stack is empty"))
    }
    return top
  }

  private mutating func pop() throws(ParseFailure) -> NodeID {
    let id = try top()
    stack.removeLast()
    return id
  }

  private mutating func popToMark() throws(ParseFailure) -> [NodeID] {
    guard let mark = marks.popLast() else { throw ParseFailure(.invalid("no MARK on the stack")) }
    let values = Array(stack[mark...])
    stack.removeSubrange(mark...)
    return values
  }

  private mutating func makeTuple(_ count: Int) throws(ParseFailure) {
    guard stack.count - (marks.last ?? 0) >= count else {
      throw ParseFailure(.invalid("the pickle's stack is empty"))
    }
    let tuple = try arena.tuple(stack.suffix(count))
    stack.removeLast(count)
    push(tuple)
  }

  private func requireTuple(_ arguments: NodeID) throws(ParseFailure) {
    guard arena.kind(arguments) == .tuple else {
      throw ParseFailure(.invalid("the arguments of a call are not a tuple"))
    }
  }

  private func pairs(_ values: [NodeID]) throws(ParseFailure) -> [NodeID] {
    guard values.count.isMultiple(of: 2) else { throw ParseFailure(.invalid("a key has no value")) }
    return values
  }

  private mutating func addElements(_ elements: [NodeID]) throws(ParseFailure) {
    guard arena.add(elements: elements, to: try top()) else {
      throw ParseFailure(.invalid("elements added to a value that is not a list or set"))
    }
  }

  private mutating func addItems(_ items: [NodeID]) throws(ParseFailure) {
    guard arena.add(items: items, to: try top()) else {
      throw ParseFailure(.invalid("items set on a value that is not a dict"))
    }
  }

  // MARK: Memo and globals

  private func memoIndex(_ line: [UInt8]) throws(ParseFailure) -> UInt32 {
    guard let index = UInt32(String(decoding: line, as: UTF8.self)) else {
      throw ParseFailure(.invalid("a memo index is not a number"))
    }
    return index
  }

  private mutating func store(_ index: UInt32) throws(ParseFailure) { memo[index] = try top() }

  private mutating func recall(_ index: UInt32) throws(ParseFailure) {
    guard let id = memo[index] else {
      throw ParseFailure(.invalid("memo \(index) was never stored"))
    }
    arena.markShared(id)
    push(id)
  }

  private mutating func global(
    _ module: [UInt8], _ name: [UInt8], _ offset: Int
  ) throws(ParseFailure) -> NodeID {
    guard !name.isEmpty else { throw ParseFailure(.invalid("a global has no name")) }
    let global = GlobalName(module: PickleText.decode(module[...]), name: PickleText.decode(name[...]))
    if let known = globalNodes[global] { return known }
    try limits.check(.globals, globals.count + 1, at: offset)
    let id = try arena.global(global)
    globalNodes[global] = id
    globals.append((global, offset))
    return id
  }
}
