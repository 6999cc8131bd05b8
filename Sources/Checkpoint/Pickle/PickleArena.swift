internal import SWTBytes

/// Names an object of a pickle: an index into its ``PickleArena``.
package struct NodeID: Hashable, Sendable {
  package let index: UInt32
}

/// The objects that a pickle describes, as plain data.
///
/// Nodes refer to each other by index. So shared branches stay shared (a memo bomb costs what it weighs in
/// the file), cycles are harmless, and releasing a million nested lists is releasing one array.
package struct PickleArena: Sendable {
  package enum Kind: UInt8, Sendable {
    case none, bool, int, wideInt, float
    /// `str`, and Python 2's `str`, which may hold any bytes.
    case text
    case bytes
    case list, tuple, dict, set
    /// A class or function by name: never looked up, never called.
    case global
    /// What a call would have made: callable, arguments and what was added to the result later.
    case object
    /// A reference out of the pickle; for PyTorch, to a storage.
    case persistent
  }

  /// 16 bytes, so that a megabyte of one-byte opcodes stays within a small multiple of itself.
  private struct Node {
    var kind: Kind
    /// Index into a pool, or the length of a global's module name.
    var link: UInt32 = 0
    /// The value itself, or offset and length in the text pool.
    var payload: UInt64 = 0
  }

  /// The record of a call that was described but not made.
  package struct Object: Sendable {
    package var callable: NodeID
    package var arguments: NodeID
    /// Keyword arguments of NEWOBJ_EX.
    package var keywords: NodeID?
    /// The last argument of BUILD.
    package var state: NodeID?
    /// Alternating keys and values added by SETITEM(S).
    package var items: [NodeID] = []
    /// Elements added by APPEND(S) and ADDITEMS.
    package var elements: [NodeID] = []
  }

  private var nodes: [Node] = []
  private var lists: [[NodeID]] = []
  private var objects: [Object] = []
  private var wide: [Int128] = []
  private var pool: [UInt8] = []
  private let limits: ParseLimits

  init(limits: ParseLimits) { self.limits = limits }

  // MARK: Making nodes

  private mutating func append(_ node: Node) throws(ParseFailure) -> NodeID {
    try limits.check(.pickleNodes, nodes.count + 1)
    nodes.append(node)
    return NodeID(index: UInt32(nodes.count - 1))
  }

  mutating func none() throws(ParseFailure) -> NodeID { try append(Node(kind: .none)) }

  mutating func bool(_ value: Bool) throws(ParseFailure) -> NodeID {
    try append(Node(kind: .bool, payload: value ? 1 : 0))
  }

  mutating func int(_ value: Int64) throws(ParseFailure) -> NodeID {
    try append(Node(kind: .int, payload: UInt64(bitPattern: value)))
  }

  /// An integer of up to 128 bits; larger ones are kept as ``Kind/bytes`` because nothing here counts so far.
  mutating func int(_ value: Int128) throws(ParseFailure) -> NodeID {
    if let small = Int64(exactly: value) { return try int(small) }
    wide.append(value)
    return try append(Node(kind: .wideInt, link: UInt32(wide.count - 1)))
  }

  mutating func float(_ value: Double) throws(ParseFailure) -> NodeID {
    try append(Node(kind: .float, payload: value.bitPattern))
  }

  mutating func text(_ bytes: [UInt8]) throws(ParseFailure) -> NodeID {
    try append(Node(kind: .text, payload: intern(bytes)))
  }

  mutating func bytes(_ bytes: [UInt8]) throws(ParseFailure) -> NodeID {
    try append(Node(kind: .bytes, payload: intern(bytes)))
  }

  mutating func global(module: [UInt8], name: [UInt8]) throws(ParseFailure) -> NodeID {
    try append(Node(kind: .global, link: UInt32(module.count), payload: intern(module + name)))
  }

  mutating func container(_ kind: Kind, _ elements: [NodeID] = []) throws(ParseFailure) -> NodeID {
    lists.append(elements)
    return try append(Node(kind: kind, link: UInt32(lists.count - 1)))
  }

  mutating func object(
    _ callable: NodeID, _ arguments: NodeID, keywords: NodeID? = nil
  ) throws(ParseFailure) -> NodeID {
    objects.append(Object(callable: callable, arguments: arguments, keywords: keywords))
    return try append(Node(kind: .object, link: UInt32(objects.count - 1)))
  }

  mutating func persistent(_ id: NodeID) throws(ParseFailure) -> NodeID {
    try append(Node(kind: .persistent, payload: UInt64(id.index)))
  }

  /// Copies bytes into the pool. `pickle-bytes` keeps the pool, and so both halves, below 2^32.
  private mutating func intern(_ bytes: [UInt8]) throws(ParseFailure) -> UInt64 {
    try limits.check(.pickleBytes, pool.count + bytes.count)
    guard pool.count + bytes.count <= UInt32.max else { throw ParseFailure(.overflow("text of a pickle")) }
    let start = UInt64(pool.count)
    pool += bytes
    return start << 32 | UInt64(bytes.count)
  }

  // MARK: Changing containers in place, as APPENDS, SETITEMS and BUILD do

  /// Adds elements to a list, a set, or an object that would be a subclass of one.
  ///
  /// - Returns: false when the node is nothing of the kind.
  mutating func add(elements: some Collection<NodeID>, to id: NodeID) -> Bool {
    let node = nodes[Int(id.index)]
    switch node.kind {
    case .list, .set: lists[Int(node.link)] += elements
    case .object: objects[Int(node.link)].elements += elements
    default: return false
    }
    return true
  }

  /// Adds alternating keys and values to a dict, or to an object that would be a subclass of one.
  mutating func add(items: some Collection<NodeID>, to id: NodeID) -> Bool {
    let node = nodes[Int(id.index)]
    switch node.kind {
    case .dict: lists[Int(node.link)] += items
    case .object: objects[Int(node.link)].items += items
    default: return false
    }
    return true
  }

  /// Records the state that BUILD would have set.
  mutating func build(_ id: NodeID, state: NodeID) -> Bool {
    let node = nodes[Int(id.index)]
    guard node.kind == .object else { return false }
    objects[Int(node.link)].state = state
    return true
  }

  // MARK: Reading

  package var count: Int { nodes.count }

  package func kind(_ id: NodeID) -> Kind { nodes[Int(id.index)].kind }

  /// The value of an int or a bool.
  package func int(_ id: NodeID) -> Int? {
    let node = nodes[Int(id.index)]
    return node.kind == .int || node.kind == .bool ? Int(Int64(bitPattern: node.payload)) : nil
  }

  package func wideInt(_ id: NodeID) -> Int128? {
    let node = nodes[Int(id.index)]
    return node.kind == .wideInt ? wide[Int(node.link)] : int(id).map { Int128($0) }
  }

  package func bool(_ id: NodeID) -> Bool? {
    switch kind(id) {
    case .bool, .int: nodes[Int(id.index)].payload != 0
    default: nil
    }
  }

  package func float(_ id: NodeID) -> Double? {
    let node = nodes[Int(id.index)]
    switch node.kind {
    case .float: return Double(bitPattern: node.payload)
    case .int: return Double(Int64(bitPattern: node.payload))
    default: return nil
    }
  }

  /// The raw bytes of text or bytes.
  package func rawBytes(_ id: NodeID) -> ArraySlice<UInt8>? {
    let node = nodes[Int(id.index)]
    guard node.kind == .text || node.kind == .bytes else { return nil }
    return slice(node)
  }

  /// Text: UTF-8 where it is, otherwise Latin-1, which is what Python 2 strings that are not text become.
  package func text(_ id: NodeID) -> String? {
    rawBytes(id).map(Self.decode)
  }

  static func decode(_ bytes: ArraySlice<UInt8>) -> String {
    if let text = String(validating: bytes, as: UTF8.self) { return text }
    var text = String.UnicodeScalarView()
    for byte in bytes { text.append(Unicode.Scalar(byte)) }
    return String(text)
  }

  /// Module and name of a global.
  package func global(_ id: NodeID) -> GlobalName? {
    let node = nodes[Int(id.index)]
    guard node.kind == .global else { return nil }
    let all = slice(node)
    let split = all.startIndex + Int(node.link)
    return GlobalName(module: Self.decode(all[..<split]), name: Self.decode(all[split...]))
  }

  /// Elements of a list, tuple or set; alternating keys and values of a dict.
  package func elements(_ id: NodeID) -> [NodeID]? {
    let node = nodes[Int(id.index)]
    switch node.kind {
    case .list, .tuple, .set, .dict: return lists[Int(node.link)]
    default: return nil
    }
  }

  package func object(_ id: NodeID) -> Object? {
    let node = nodes[Int(id.index)]
    return node.kind == .object ? objects[Int(node.link)] : nil
  }

  /// What a persistent reference refers by.
  package func persistentID(_ id: NodeID) -> NodeID? {
    let node = nodes[Int(id.index)]
    return node.kind == .persistent ? NodeID(index: UInt32(truncatingIfNeeded: node.payload)) : nil
  }

  /// The ids of every reference out of the pickle, in the order of the file.
  package var persistentIDs: [NodeID] {
    nodes.lazy.filter { $0.kind == .persistent }.map {
      NodeID(index: UInt32(truncatingIfNeeded: $0.payload))
    }
  }

  private func slice(_ node: Node) -> ArraySlice<UInt8> {
    let start = Int(node.payload >> 32)
    return pool[start..<start + Int(node.payload & 0xFFFF_FFFF)]
  }
}
