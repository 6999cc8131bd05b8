package import SWTBytes

/// An object of a pickle, as an index into its ``PickleArena``.
package struct NodeID: Hashable, Sendable {
  package let index: UInt32
}

/// The objects that a pickle describes, as plain data.
///
/// Nodes refer to each other by index. Shared branches therefore stay shared (a memo bomb costs no more than
/// its bytes in the file), cycles are harmless, and releasing a million nested lists is releasing one array.
/// A byte of a pickle makes at most about 20 bytes here, whatever the opcode: repeated immutable values are
/// one node, and empty containers own no memory.
///
/// A class, because copies of a struct would count references to each of its arrays. `@unchecked Sendable`
/// because only the ``PickleMachine`` that makes it changes it, before anything else has it.
package final class PickleArena: @unchecked Sendable {
  package enum Kind: UInt8, Sendable {
    case none, bool, int, wideInt, float
    /// `str`, including Python 2's `str`, which can have arbitrary bytes.
    case text
    case bytes
    case list, tuple, dict, set
    /// A class or function by name: never looked up, never called.
    case global
    /// The description of a call: callable, arguments, and what was added to the result later.
    case object
    /// A reference to an object outside the pickle; in PyTorch, a storage.
    case persistent
  }

  private struct Node {
    var kind: Kind
    /// Whether the pickle refers to it more than once.
    var isShared: Bool
    /// Index into a pool, or ``noLink``.
    var link: UInt32
    /// The value itself, or offset and length in a pool.
    var payload: UInt64

    init(kind: Kind, isShared: Bool = false, link: UInt32 = noLink, payload: UInt64 = 0) {
      (self.kind, self.isShared, self.link, self.payload) = (kind, isShared, link, payload)
    }

    init(_ kind: Kind, _ list: NodeLists.List) {
      self.init(kind: kind, link: list.link, payload: list.range)
    }

    var hasElements: Bool { kind == .tuple || kind == .list || kind == .set || kind == .dict }

    /// The elements of a container.
    var list: NodeLists.List {
      get { NodeLists.List(link: link, range: payload) }
      set { (link, payload) = (newValue.link, newValue.range) }
    }
  }

  private static let noLink = NodeLists.noLink

  /// 20 bytes: most objects have one state, and no keywords, items or elements.
  private struct ObjectRecord {
    var callable: NodeID
    var arguments: NodeID
    var keywords = noLink
    /// The first state.
    var state = noLink
    /// Index into ``extras``.
    var extras = noLink
  }

  /// What few objects have.
  private struct Extras {
    /// The first one too; empty for an object with one state.
    var states: [NodeID] = []
    var items: [NodeID] = []
    var elements: [NodeID] = []
  }

  /// Bytes of the pickle that stay in the file.
  private struct External {
    let offset: Int
    let count: Int
  }

  /// Strings of at least this many bytes stay in the file: arrays inside a pickle.
  static let externalSize = 1 << 16

  private var nodes = ChunkedArray<Node>()
  /// Elements of tuples, lists and sets; alternating keys and values of dicts.
  private var lists = NodeLists()
  private var objects = ChunkedArray<ObjectRecord>()
  private var extras: [Extras] = []
  private var wide: [Int128] = []
  private var names: [GlobalName] = []
  private var external: [External] = []
  private var pool = ChunkedPool()
  private let source: any ByteSource
  private let limits: ParseLimits
  private let nodeLimit, poolLimit: UInt64

  // Immutable values that pickles repeat are created once.
  private var small: [NodeID?] = Array(repeating: nil, count: 256)
  private var singletons: [NodeID?] = Array(repeating: nil, count: 4)

  /// Creates an empty arena; `source` contains the pickle, for strings that stay there.
  init(source: any ByteSource, limits: ParseLimits) {
    self.source = source
    self.limits = limits
    nodeLimit = limits[.pickleNodes]
    poolLimit = min(limits[.pickleBytes], UInt64(UInt32.max))
  }

  // MARK: Making nodes

  private func append(_ node: Node) throws(ParseFailure) -> NodeID {
    guard nodes.count < nodeLimit else {
      throw ParseLimits.failure(.pickleNodes, nodes.count + 1, nodeLimit)
    }
    nodes.append(node)
    return NodeID(index: UInt32(nodes.count - 1))
  }

  private func single(_ slot: Int, _ node: Node) throws(ParseFailure) -> NodeID {
    if let id = singletons[slot] { return id }
    let id = try append(node)
    singletons[slot] = id
    return id
  }

  func none() throws(ParseFailure) -> NodeID { try single(0, Node(kind: .none)) }

  func bool(_ value: Bool) throws(ParseFailure) -> NodeID {
    try single(value ? 1 : 2, Node(kind: .bool, payload: value ? 1 : 0))
  }

  func int(_ value: Int64) throws(ParseFailure) -> NodeID {
    let node = Node(kind: .int, payload: UInt64(bitPattern: value))
    guard small.indices.contains(Int(value)) else { return try append(node) }
    if let id = small[Int(value)] { return id }
    let id = try append(node)
    small[Int(value)] = id
    return id
  }

  /// An integer of up to 128 bits; larger ones become ``Kind/bytes``, because no count is that large.
  func int(_ value: Int128) throws(ParseFailure) -> NodeID {
    if let small = Int64(exactly: value) { return try int(small) }
    wide.append(value)
    return try append(Node(kind: .wideInt, link: UInt32(wide.count - 1)))
  }

  func float(_ value: Double) throws(ParseFailure) -> NodeID {
    try append(Node(kind: .float, payload: value.bitPattern))
  }

  func text(_ bytes: ArraySlice<UInt8>) throws(ParseFailure) -> NodeID {
    try append(Node(kind: .text, payload: try intern(bytes)))
  }

  func bytes(_ bytes: ArraySlice<UInt8>) throws(ParseFailure) -> NodeID {
    try append(Node(kind: .bytes, payload: try intern(bytes)))
  }

  /// A string that stays in the file.
  func external(
    _ kind: Kind, at offset: Int, count: Int
  ) throws(ParseFailure) -> NodeID {
    external.append(External(offset: offset, count: count))
    return try append(Node(kind: kind, link: UInt32(external.count - 1)))
  }

  func global(_ name: GlobalName) throws(ParseFailure) -> NodeID {
    names.append(name)
    return try append(Node(kind: .global, link: UInt32(names.count - 1)))
  }

  func tuple(_ elements: some Collection<NodeID>) throws(ParseFailure) -> NodeID {
    if elements.isEmpty { return try single(3, Node(kind: .tuple)) }
    return try append(Node(.tuple, lists.list(elements)))
  }

  func container(_ kind: Kind, _ elements: [NodeID] = []) throws(ParseFailure) -> NodeID {
    try append(Node(kind, lists.list(elements)))
  }

  func object(
    _ callable: NodeID, _ arguments: NodeID, keywords: NodeID? = nil
  ) throws(ParseFailure) -> NodeID {
    var record = ObjectRecord(callable: callable, arguments: arguments)
    if let keywords { record.keywords = keywords.index }
    objects.append(record)
    return try append(Node(kind: .object, link: UInt32(objects.count - 1)))
  }

  func persistent(_ id: NodeID) throws(ParseFailure) -> NodeID {
    try append(Node(kind: .persistent, payload: UInt64(id.index)))
  }

  /// Bytes of strings in memory.
  var pooledBytes: Int { pool.count }

  private func intern(_ bytes: ArraySlice<UInt8>) throws(ParseFailure) -> UInt64 {
    guard pool.count + bytes.count <= poolLimit else {
      try limits.check(.pickleBytes, pool.count + bytes.count)
      throw ParseFailure(.overflow("text of a pickle"))
    }
    return UInt64(pool.append(bytes)) << 32 | UInt64(bytes.count)
  }

  /// Records that an object was recalled, so several others may refer to it.
  func markShared(_ id: NodeID) { nodes[Int(id.index)].isShared = true }

  // MARK: Changing containers in place, as APPENDS, SETITEMS and BUILD do

  /// Adds elements to a list, a set, or an object that may be a subclass of one.
  ///
  /// - Returns: False if the node is none of these.
  func add(elements: some Collection<NodeID>, to id: NodeID) -> Bool {
    let node = nodes[Int(id.index)]
    switch node.kind {
    case .list, .set: lists.add(elements, to: &nodes[Int(id.index)].list)
    case .object: if !elements.isEmpty { extras[extra(node)].elements += elements }
    default: return false
    }
    return true
  }

  /// Adds alternating keys and values to a dict, or to an object that may be a subclass of one.
  func add(items: some Collection<NodeID>, to id: NodeID) -> Bool {
    let node = nodes[Int(id.index)]
    switch node.kind {
    case .dict: lists.add(items, to: &nodes[Int(id.index)].list)
    case .object: if !items.isEmpty { extras[extra(node)].items += items }
    default: return false
    }
    return true
  }

  /// Records the state that BUILD sets.
  func build(_ id: NodeID, state: NodeID) -> Bool {
    let node = nodes[Int(id.index)]
    guard node.kind == .object else { return false }
    let first = objects[Int(node.link)].state
    if first == Self.noLink {
      objects[Int(node.link)].state = state.index
    } else {
      let extra = extra(node)
      if extras[extra].states.isEmpty { extras[extra].states.append(NodeID(index: first)) }
      extras[extra].states.append(state)
    }
    return true
  }

  /// Index of an object's extras, which are made if it has none.
  private func extra(_ node: Node) -> Int {
    if objects[Int(node.link)].extras == Self.noLink {
      extras.append(Extras())
      objects[Int(node.link)].extras = UInt32(extras.count - 1)
    }
    return Int(objects[Int(node.link)].extras)
  }

  // MARK: Reading

  package var count: Int { nodes.count }

  package func kind(_ id: NodeID) -> Kind { nodes[Int(id.index)].kind }

  /// Whether the pickle may refer to an object more than once.
  func isShared(_ id: NodeID) -> Bool { nodes[Int(id.index)].isShared }

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

  /// The raw bytes of text or bytes; nil for other values and for strings that stay in the file.
  package func rawBytes(_ id: NodeID) -> [UInt8]? {
    let node = nodes[Int(id.index)]
    guard isString(node), node.link == Self.noLink else { return nil }
    return Array(pool.slice(at: Int(node.payload >> 32), count: Int(node.payload & 0xFFFF_FFFF)))
  }

  /// The first byte of text or bytes in memory.
  func firstByte(_ id: NodeID) -> UInt8? {
    let node = nodes[Int(id.index)]
    guard isString(node), node.link == Self.noLink, node.payload & 0xFFFF_FFFF > 0 else { return nil }
    return pool.slice(at: Int(node.payload >> 32), count: 1).first
  }

  /// The bytes of text or bytes, in memory or in the file; nil for other values.
  package func byteSource(_ id: NodeID) throws(ParseFailure) -> (any ByteSource)? {
    let node = nodes[Int(id.index)]
    guard isString(node) else { return nil }
    guard node.link != Self.noLink else { return rawBytes(id).map(MemorySource.init) }
    let place = external[Int(node.link)]
    return try SubSource(source, at: place.offset, count: place.count)
  }

  private func isString(_ node: Node) -> Bool { node.kind == .text || node.kind == .bytes }

  /// Length in bytes of text or bytes.
  package func byteCount(_ id: NodeID) -> Int? {
    let node = nodes[Int(id.index)]
    guard isString(node) else { return nil }
    return node.link == Self.noLink ? Int(node.payload & 0xFFFF_FFFF) : external[Int(node.link)].count
  }

  /// Text: UTF-8 if valid, otherwise Latin-1, for Python 2 strings that are not text.
  ///
  /// Nil for other values, and for text of ``externalSize`` bytes or more, which cannot be a name.
  package func text(_ id: NodeID) -> String? {
    let node = nodes[Int(id.index)]
    guard isString(node), node.link == Self.noLink else { return nil }
    return PickleText.decode(pool.slice(at: Int(node.payload >> 32), count: Int(node.payload & 0xFFFF_FFFF)))
  }

  /// Module and name of a global.
  package func global(_ id: NodeID) -> GlobalName? {
    let node = nodes[Int(id.index)]
    return node.kind == .global ? names[Int(node.link)] : nil
  }

  /// Elements of a list, tuple or set; alternating keys and values of a dict.
  package func elements(_ id: NodeID) -> [NodeID]? {
    let node = nodes[Int(id.index)]
    return node.hasElements ? lists.array(node.list) : nil
  }

  /// The number of ``elements(_:)``, without creating them.
  package func elementCount(_ id: NodeID) -> Int {
    let node = nodes[Int(id.index)]
    return node.hasElements ? lists.count(node.list) : 0
  }

  /// One of the ``elements(_:)``.
  func element(_ index: Int, of id: NodeID) -> NodeID {
    lists.element(index, of: nodes[Int(id.index)].list)
  }

  package func object(_ id: NodeID) -> Object? {
    let node = nodes[Int(id.index)]
    guard node.kind == .object else { return nil }
    let record = objects[Int(node.link)]
    let extra = record.extras == Self.noLink ? Extras() : extras[Int(record.extras)]
    // All of them, if there are several: an array that is made at each call would take quadratic time.
    let only = record.state == Self.noLink ? [] : [NodeID(index: record.state)]
    return Object(
      callable: record.callable, arguments: record.arguments,
      keywords: record.keywords == Self.noLink ? nil : NodeID(index: record.keywords),
      states: extra.states.isEmpty ? only : extra.states, items: extra.items, elements: extra.elements)
  }

  /// The only state of an object, without creating its ``object(_:)``; nil if it has several or none.
  func onlyState(_ id: NodeID) -> NodeID? {
    let node = nodes[Int(id.index)]
    guard node.kind == .object else { return nil }
    let record = objects[Int(node.link)]
    guard record.extras == Self.noLink || extras[Int(record.extras)].states.isEmpty else { return nil }
    return record.state == Self.noLink ? nil : NodeID(index: record.state)
  }

  /// The ID of a persistent reference.
  package func persistentID(_ id: NodeID) -> NodeID? {
    let node = nodes[Int(id.index)]
    return node.kind == .persistent ? NodeID(index: UInt32(truncatingIfNeeded: node.payload)) : nil
  }

  /// Calls `body` with the ID of every reference to the outside, in file order.
  package func forEachPersistentID(_ body: (NodeID) throws(ParseFailure) -> Void) throws(ParseFailure) {
    for index in 0..<nodes.count where nodes[index].kind == .persistent {
      try body(NodeID(index: UInt32(truncatingIfNeeded: nodes[index].payload)))
    }
  }
}
