internal import SWTBytes
internal import SWTTensors

// The contents of a value: which other values to visit, and with which names.

extension StateDictWalk {
  typealias Segments = [(segment: Segment, leavingOut: String?)]

  /// Records a tensor, or returns what to visit in a value.
  mutating func segments(of id: NodeID) throws(ParseFailure) -> Segments {
    switch arena.kind(id) {
    case .dict: return try dictSegments(try uniqueItems(arena.elements(id) ?? []), of: moduleClasses[id])
    case .list, .tuple, .set:
      try count(arena.elementCount(id))
      return [(.elements(arena.elements(id) ?? []), nil)]
    default: return try objectSegments(id)
    }
  }

  /// The contents of a dict; if it looks like one, of a module: torch.package stores modules like this.
  mutating func dictSegments(
    _ items: [(key: NodeID, value: NodeID)], of type: GlobalName? = nil
  ) throws(ParseFailure) -> Segments {
    if let type, type.module.hasPrefix("__torch__") { try addModule(type, attributes: items) }
    try addArguments(items)
    try requirePairs(items)
    var items = items
    if Self.isQuantized(type) {
      try addQuantizedNumbers(items)
      if try addPackedLinear(type, items) { items.removeAll { arena.text($0.key) == "_packed_params" } }
    }
    guard let module = moduleParts(items) else { return [(.items(items), nil)] }
    try addModule(type, attributes: items)
    return try moduleSegments(module, others: items)
  }

  mutating func objectSegments(_ id: NodeID) throws(ParseFailure) -> Segments {
    let decoded: TensorDecoder<Provider>.Decoded
    do throws(ParseFailure) {
      decoded = try decoder.decode(id)
    } catch {
      throw error.inside(place.isEmpty ? "the top-level value" : "tensor \(name)")
    }
    switch decoded {
    case .tensors(let parts, let extras):
      try add(parts, sparse: extras.sparse)
      guard let attributes = extras.attributes else { return [] }
      return [(.same(attributes), "an attribute of a tensor, not part of a state dict")]
    case .partial(let part):
      try add(part)
      return []
    case .storage(let whole):
      if place.isEmpty { findings.rootStorage = whole }
      try skip("a storage of \(whole.shape.first ?? 0) \(whole.scalarType.rawValue), which is not a tensor")
      return []
    case .sameAs(let other): return [(.same(other), nil)]
    case .subclass(let type, let attributes):
      try skip("a tensor subclass: the file has its attributes, but no values of its own")
      if let type { findings.subclassTypes[ExactString(name)] = type }
      if let attributes { return stateSegments(attributes) }
    case .unreadable(let reason, let attributes):
      try skip(reason)
      if let attributes { return stateSegments(attributes) }
    case .notATensor: break
    }
    if let pid = arena.persistentID(id) { return referenceSegments(pid) }
    guard let object = arena.object(id) else { return [] }
    switch decoder.constructor(object.callable) {
    case .loadFromBytes:
      try addNestedFile(id)
      return []
    // The state is the attribute `_metadata`, not part of the dict.
    case .orderedDict: return try dictSegments(try uniqueItems(orderedDictItems(object)))
    case .defaultDict: return try dictSegments(try uniqueItems(object.items))
    default: return try callSegments(object)
    }
  }

  /// The contents of a call of an unknown function: everything in its record.
  mutating func callSegments(_ object: PickleArena.Object) throws(ParseFailure) -> Segments {
    let items = try uniqueItems(object.items)
    try addArguments(items)
    var segments: Segments = [(.items(items), nil), (.elements(object.elements), nil)]
    try count(object.elements.count)
    let callable = arena.global(object.callable)
    let isQuantized = Self.isQuantized(callable)
    for state in object.states {
      if isQuantized, let callable, try addQuantizedConvolution(callable, state) { continue }
      segments += stateSegments(state)
      if let callable, arena.kind(state) == .dict { moduleClasses[state] = callable }
    }
    let arguments = arena.elements(object.arguments) ?? []
    if callable?.module == "torch.fx.graph_module" {
      // reduce_graph_module(attributes of the module, code)
      segments.append((.elements(arguments, isInName: false), nil))
    } else if callable?.canonical == "copyreg._reconstructor" {
      // (class, base, value of the base): the contents of a subclass of dict or list.
      if arguments.count == 3 { segments.append((.same(arguments[2]), nil)) }
    } else if arguments.count == 1, arena.kind(arguments[0]) == .dict {
      segments.append((.same(arguments[0]), nil))
    } else {
      // Arguments of an unknown class, such as a namedtuple of tensors.
      try count(arguments.count)
      segments.append((.elements(arguments), nil))
    }
    if let keywords = object.keywords { segments.append((.same(keywords), nil)) }
    return segments
  }

  /// The contents of the argument of BUILD: a dict of attributes, or `(dict, slots)`.
  func stateSegments(_ state: NodeID) -> Segments {
    if arena.kind(state) == .tuple, let parts = arena.fewElements(state), parts.count == 2,
      parts.allSatisfy({ arena.kind($0) == .dict || arena.kind($0) == .none })
    {
      return parts.map { (.same($0), nil) }
    }
    return [(.same(state), nil)]
  }

  /// The contents of a reference that is not a storage: `("module", class, file, source)`, or a call wrapped
  /// by torch.package, `("reduce_package", id, callable, arguments)`.
  func referenceSegments(_ pid: NodeID) -> Segments {
    // Many references may share one long tuple, so it is not copied.
    guard let kind = arena.firstElement(pid), arena.text(kind) == "reduce_package" else { return [] }
    let arguments = arena.element(arena.elementCount(pid) - 1, of: pid)
    return [(.elements(arena.elements(arguments) ?? [], isInName: false), nil)]
  }

  /// `OrderedDict()` followed by SETITEMS, or `OrderedDict([[k, v], …])` in protocols 0 and 1.
  func orderedDictItems(_ object: PickleArena.Object) -> [NodeID] {
    guard let list = arena.firstElement(object.arguments) else { return object.items }
    if arena.kind(list) == .dict { return (arena.elements(list) ?? []) + object.items }
    var items: [NodeID] = []
    for place in 0..<arena.elementCount(list) {
      let pair = arena.element(place, of: list)
      // Python would raise an error. Many calls may share a long list, so it is not looked at any further.
      guard arena.elementCount(pair) == 2 else { break }
      items += [arena.element(0, of: pair), arena.element(1, of: pair)]
    }
    return items + object.items
  }

  // MARK: Modules

  func moduleParts(_ items: [(key: NodeID, value: NodeID)]) -> [String: NodeID]? {
    var parts: [String: NodeID] = [:]
    for (key, value) in items {
      guard arena.firstByte(key) == UInt8(ascii: "_"), arena.byteCount(key) ?? .max <= 32,
        let name = arena.text(key)
      else { continue }
      parts[name] = value
    }
    return parts["_parameters"] != nil && parts["_modules"] != nil ? parts : nil
  }

  /// The contents of an `nn.Module`: the names of its `state_dict()`, in order. Everything else is listed as
  /// left out.
  mutating func moduleSegments(
    _ parts: [String: NodeID], others: [(key: NodeID, value: NodeID)]
  ) throws(ParseFailure) -> Segments {
    let sections = ["_parameters", "_buffers", "_modules"]
    let transient = Set(parts["_non_persistent_buffers_set"].map(texts) ?? [])
    var segments: Segments = []
    for section in sections {
      guard let dict = parts[section] else { continue }
      let items = try dictItems(dict)
      segments.append((.section(section, items, transient: section == "_buffers" ? transient : []), nil))
    }
    let rest = others.filter { item in arena.text(item.key).map { !sections.contains($0) } ?? true }
    segments.append((.items(rest), "an attribute of a module, not part of state_dict()"))
    return segments
  }

  /// Items of a dict or an OrderedDict.
  mutating func dictItems(_ id: NodeID) throws(ParseFailure) -> [(key: NodeID, value: NodeID)] {
    if let object = arena.object(id) { return try uniqueItems(orderedDictItems(object)) }
    return arena.kind(id) == .dict ? try uniqueItems(arena.elements(id) ?? []) : []
  }

  /// Texts of a set, in the form of any pickle protocol.
  func texts(_ id: NodeID) -> [String] {
    if let elements = arena.elements(id) { return elements.compactMap { arena.text($0) } }
    guard let object = arena.object(id) else { return [] }
    var ids = object.elements
    if let first = arena.firstElement(object.arguments) { ids += arena.elements(first) ?? [] }
    return ids.compactMap { arena.text($0) }
  }
}
