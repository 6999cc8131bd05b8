internal import SWTBytes
internal import SWTTensors

/// Walks a pickle's values and collects every tensor with its path.
///
/// Shared branches are walked for each of their paths, as PyTorch would show them; cycles end the walk; the
/// number of steps and the depth are limited, so a tree that shares its branches forty levels deep is an
/// error and not a wait.
struct StateDictWalk<Provider: StorageProvider> {
  /// What a walk found.
  struct Findings {
    var tensors: [TensorEntry] = []
    var skipped: [SkippedEntry] = []
    var sparse: [(name: String, description: SparseDescription)] = []
    /// Set when the whole file is one storage.
    var rootStorage: TensorEntry?
    var spending = Spending()
  }

  /// One step from the root: part of the path, and of the name unless `state_dict()` leaves it out.
  private struct Step {
    let component: PathComponent
    var isInName = true
  }

  private var decoder: TensorDecoder<Provider>
  private let limits: ParseLimits
  private var findings = Findings()
  private var steps = 0
  private var pathBytes = 0
  private var frames: [Frame] = []
  /// The values that the frames stand for: one that holds itself is not entered again.
  private var onPath: Set<NodeID> = []
  private var place: [Step]
  /// Bytes of the name that ``place`` stands for.
  private var nameBytes = 0
  /// Set while a part is walked only to say what is left out of it.
  private var leavingOut: String?

  private var arena: PickleArena { decoder.arena }

  /// Walks a whole pickle; `prefix` is its own path, in containers that have several.
  static func collect(
    _ pickle: Pickle, provider: Provider, limits: ParseLimits, nesting: Int = 0,
    prefix: [PathComponent] = []
  ) throws(ParseFailure) -> (Findings, Provider) {
    var walk = StateDictWalk(
      decoder: TensorDecoder(arena: pickle.arena, limits: limits, provider: provider, nesting: nesting),
      limits: limits, prefix: prefix)
    try walk.walk(pickle.root)
    walk.findings.spending.add(.walkSteps, walk.steps)
    walk.findings.spending.add(.pathBytes, walk.pathBytes)
    walk.findings.spending.add(walk.decoder.spending)
    return (walk.findings, walk.decoder.provider)
  }

  private init(decoder: TensorDecoder<Provider>, limits: ParseLimits, prefix: [PathComponent]) {
    self.decoder = decoder
    self.limits = limits
    place = prefix.map { Step(component: $0) }
  }

  // MARK: Walking

  /// What is still to be visited of a value.
  private enum Segment {
    /// In the same place: the state of an object, the arguments that are one dict.
    case same(NodeID)
    /// By position; `isInName` is false where `state_dict()` would not count.
    case elements([NodeID], isInName: Bool = true)
    case items([(key: NodeID, value: NodeID)])
    /// `_parameters`, `_buffers` or `_modules`: in the path, but not in the name.
    case section(String, [(key: NodeID, value: NodeID)], transient: Set<String>)
  }

  /// A value that is being walked. Frames are kept in an array, not on the machine's stack: callers' threads may
  /// have half a megabyte of it, and values may be nested five hundred deep.
  private struct Frame {
    let id: NodeID
    /// How many steps of ``place`` led here.
    let stepCount: Int
    let outerNameBytes: Int
    let outerReason: String?
    var segments: [(segment: Segment, leavingOut: String?)]
    var index = 0
    var cursor = 0
  }

  private struct Child {
    let id: NodeID
    var steps: [Step] = []
    var leavingOut: String?
  }

  private mutating func walk(_ root: NodeID) throws(ParseFailure) {
    try enter(Child(id: root))
    while !frames.isEmpty {
      if let child = try nextChild() { try enter(child) } else { leave() }
    }
  }

  private mutating func enter(_ child: Child) throws(ParseFailure) {
    guard !isLeaf(child.id), onPath.insert(child.id).inserted else { return }
    try count(1)
    try limits.check(.depth, frames.count + 1)
    let (outerNameBytes, outerReason) = (nameBytes, leavingOut)
    for step in child.steps where step.isInName { nameBytes += step.component.byteCount + 1 }
    // Before any name is put together: four hundred keys of 60 KB would make one of 24 MB.
    try limits.check(.nameBytes, nameBytes)
    place += child.steps
    leavingOut = leavingOut ?? child.leavingOut
    let segments = try segments(of: child.id)
    frames.append(
      Frame(
        id: child.id, stepCount: child.steps.count, outerNameBytes: outerNameBytes, outerReason: outerReason,
        segments: segments))
  }

  private mutating func leave() {
    guard let frame = frames.popLast() else { return }
    onPath.remove(frame.id)
    place.removeLast(frame.stepCount)
    nameBytes = frame.outerNameBytes
    leavingOut = frame.outerReason
  }

  /// The next value inside the innermost frame that may hold a tensor.
  private mutating func nextChild() throws(ParseFailure) -> Child? {
    let top = frames.count - 1
    while frames[top].index < frames[top].segments.count {
      let (segment, reason) = frames[top].segments[frames[top].index]
      switch segment {
      case .same(let id):
        if frames[top].cursor == 0 {
          frames[top].cursor = 1
          return Child(id: id, leavingOut: reason)
        }
      case .elements(let ids, let isInName):
        while frames[top].cursor < ids.count {
          let place = frames[top].cursor
          frames[top].cursor += 1
          guard !isLeaf(ids[place]) else { continue }
          let step = Step(component: .index(place), isInName: isInName)
          return Child(id: ids[place], steps: [step], leavingOut: reason)
        }
      case .items(let items):
        while frames[top].cursor < items.count {
          let (key, value) = items[frames[top].cursor]
          frames[top].cursor += 1
          guard !isLeaf(value) else { continue }
          return Child(id: value, steps: [Step(component: try component(key))], leavingOut: reason)
        }
      case .section(let name, let items, let transient):
        while frames[top].cursor < items.count {
          let (key, value) = items[frames[top].cursor]
          frames[top].cursor += 1
          guard !isLeaf(value) else { continue }
          let component = try component(key)
          return Child(
            id: value, steps: [Step(component: .key(name), isInName: false), Step(component: component)],
            leavingOut: transient.contains(component.description)
              ? "a non-persistent buffer, not part of state_dict()" : reason)
        }
      }
      frames[top].index += 1
      frames[top].cursor = 0
    }
    return nil
  }

  private mutating func count(_ more: Int) throws(ParseFailure) {
    steps += more
    if steps > limits[.walkSteps] { try limits.check(.walkSteps, steps) }
  }

  /// Values that can hold no tensor.
  private func isLeaf(_ id: NodeID) -> Bool {
    switch arena.kind(id) {
    case .none, .bool, .int, .wideInt, .float, .text, .bytes, .global: true
    case .list, .tuple, .set, .dict, .object, .persistent: false
    }
  }

  // MARK: What is inside a value

  private typealias Segments = [(segment: Segment, leavingOut: String?)]

  /// Notes a tensor, or says what is to be visited.
  private mutating func segments(of id: NodeID) throws(ParseFailure) -> Segments {
    switch arena.kind(id) {
    case .dict: return try dictSegments(try uniqueItems(arena.elements(id) ?? []))
    case .list, .tuple, .set:
      try count(arena.elementCount(id))
      return [(.elements(arena.elements(id) ?? []), nil)]
    default: return try objectSegments(id)
    }
  }

  /// A dict, which is the inside of a module when it looks like one: torch.package keeps modules so.
  private mutating func dictSegments(
    _ items: [(key: NodeID, value: NodeID)]
  ) throws(ParseFailure) -> Segments {
    guard let module = moduleParts(items) else { return [(.items(items), nil)] }
    return try moduleSegments(module, others: items)
  }

  private mutating func objectSegments(_ id: NodeID) throws(ParseFailure) -> Segments {
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
      return [(.same(attributes), "an attribute of a tensor, which a state dict does not hold")]
    case .storage(let whole):
      if place.isEmpty { findings.rootStorage = whole }
      try skip("a storage of \(whole.shape.first ?? 0) \(whole.scalarType.rawValue), which is no tensor")
      return []
    case .sameAs(let other): return [(.same(other), nil)]
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

  /// A call that makes nothing known: whatever its record holds is walked.
  private mutating func callSegments(_ object: PickleArena.Object) throws(ParseFailure) -> Segments {
    var segments: Segments = [
      (.items(try uniqueItems(object.items)), nil), (.elements(object.elements), nil),
    ]
    try count(object.elements.count)
    for state in object.states { segments += stateSegments(state) }
    let arguments = arena.elements(object.arguments) ?? []
    let callable = arena.global(object.callable)
    if callable?.module == "torch.fx.graph_module" {
      // reduce_graph_module(attributes of the module, code)
      segments.append((.elements(arguments, isInName: false), nil))
    } else if callable?.canonical == "copyreg._reconstructor" {
      // (class, base, value of the base): what a subclass of dict or list held.
      if arguments.count == 3 { segments.append((.same(arguments[2]), nil)) }
    } else if arguments.count == 1, arena.kind(arguments[0]) == .dict {
      segments.append((.same(arguments[0]), nil))
    } else {
      // Arguments of a class nobody knows: a namedtuple of tensors.
      try count(arguments.count)
      segments.append((.elements(arguments), nil))
    }
    if let keywords = object.keywords { segments.append((.same(keywords), nil)) }
    return segments
  }

  /// The last argument of BUILD: a dict of attributes, or `(dict, slots)`.
  private func stateSegments(_ state: NodeID) -> Segments {
    if arena.kind(state) == .tuple, let parts = arena.elements(state), parts.count == 2,
      parts.allSatisfy({ arena.kind($0) == .dict || arena.kind($0) == .none })
    {
      return parts.map { (.same($0), nil) }
    }
    return [(.same(state), nil)]
  }

  /// A reference out of the pickle that is no storage: `("module", class, file, source)`, or a call that
  /// torch.package wraps so, `("reduce_package", id, callable, arguments)`.
  private func referenceSegments(_ pid: NodeID) -> Segments {
    guard let parts = arena.elements(pid), let kind = parts.first.flatMap({ arena.text($0) }),
      kind == "reduce_package", let arguments = parts.last
    else { return [] }
    return [(.elements(arena.elements(arguments) ?? [], isInName: false), nil)]
  }

  /// `OrderedDict()` filled by SETITEMS, or `OrderedDict([[k, v], …])` in protocols 0 and 1.
  private func orderedDictItems(_ object: PickleArena.Object) -> [NodeID] {
    var items: [NodeID] = []
    if let list = arena.elements(object.arguments)?.first, let pairs = arena.elements(list) {
      if arena.kind(list) == .dict { return pairs + object.items }
      for pair in pairs {
        if let both = arena.elements(pair), both.count == 2 { items += both }
      }
    }
    return items + object.items
  }

  // MARK: Modules

  private func moduleParts(_ items: [(key: NodeID, value: NodeID)]) -> [String: NodeID]? {
    var parts: [String: NodeID] = [:]
    for (key, value) in items {
      guard let bytes = arena.byteCount(key), bytes <= 32, let name = arena.text(key),
        name.hasPrefix("_")
      else { continue }
      parts[name] = value
    }
    return parts["_parameters"] != nil && parts["_modules"] != nil ? parts : nil
  }

  /// An `nn.Module`: the names that its `state_dict()` would have, in that order. What else it keeps is listed as
  /// left out.
  private mutating func moduleSegments(
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

  /// Items of a dict or of an OrderedDict.
  private mutating func dictItems(_ id: NodeID) throws(ParseFailure) -> [(key: NodeID, value: NodeID)] {
    if let object = arena.object(id) { return try uniqueItems(orderedDictItems(object)) }
    return arena.kind(id) == .dict ? try uniqueItems(arena.elements(id) ?? []) : []
  }

  /// Texts of a set, however its pickle protocol writes one.
  private func texts(_ id: NodeID) -> [String] {
    if let elements = arena.elements(id) { return elements.compactMap { arena.text($0) } }
    guard let object = arena.object(id) else { return [] }
    var ids = object.elements
    if let first = arena.elements(object.arguments)?.first { ids += arena.elements(first) ?? [] }
    return ids.compactMap { arena.text($0) }
  }

  // MARK: Findings

  private var name: String {
    place.lazy.filter(\.isInName).map(\.component.description).joined(separator: ".")
  }

  private mutating func add(
    _ parts: [TensorDecoder<Provider>.Part], sparse: SparseDescription?
  ) throws(ParseFailure) {
    if let sparse { findings.sparse.append((name, sparse)) }
    for part in parts {
      if !part.name.isEmpty { place.append(Step(component: .key(part.name))) }
      try add(part.tensor)
      if !part.name.isEmpty { place.removeLast() }
    }
  }

  /// The tensors of a whole file inside a string: `torch.storage._load_from_bytes(bytes)`.
  private mutating func addNestedFile(_ id: NodeID) throws(ParseFailure) {
    guard let nested = try decoder.nestedFile(id) else { return }
    try count(nested.tensors.count)
    let depth = place.count
    for tensor in nested.tensors {
      place += tensor.path.map { Step(component: $0) }
      try add(tensor)
      place.removeLast(place.count - depth)
    }
    for entry in nested.skipped {
      place.append(Step(component: .key(entry.path)))
      try skip(entry.reason)
      place.removeLast()
    }
  }

  private mutating func add(_ tensor: TensorEntry) throws(ParseFailure) {
    if let leavingOut { return try skip(leavingOut) }
    try limits.check(.tensors, findings.tensors.count + 1)
    var tensor = tensor
    tensor.name = name
    tensor.path = place.map(\.component)
    try pay(for: tensor.name)
    if tensor.isMeta { try skip("a meta tensor: the file holds no values") }
    findings.tensors.append(tensor)
  }

  /// Notes something that is left out.
  private mutating func skip(_ reason: String) throws(ParseFailure) {
    let name = name
    try limits.check(.tensors, findings.skipped.count + 1)
    try pay(for: name)
    findings.skipped.append(SkippedEntry(path: name, reason: reason))
  }

  /// Long names on deep paths could ask for far more memory than the file is long.
  private mutating func pay(for name: String) throws(ParseFailure) {
    pathBytes += PathCost.of(name, place.count)
    try limits.check(.pathBytes, pathBytes)
  }

  // MARK: Keys

  /// A key as Python tells keys apart: `1`, `1.0` and `True` are one key, `"1"` is another.
  private enum Key: Hashable {
    case text([UInt8])
    case number(Double)
    case integer(Int128)
    case none
  }

  private func key(_ id: NodeID) -> Key? {
    switch arena.kind(id) {
    case .text: return arena.rawBytes(id).map(Key.text)
    case .bool, .int, .wideInt: return arena.wideInt(id).map(Key.integer)
    case .float:
      guard let value = arena.float(id), !value.isNaN else { return nil }
      return Int128(exactly: value).map(Key.integer) ?? .number(value)
    case .none: return Key.none
    default: return nil
    }
  }

  /// Python's rule for a key that comes twice: the first place, the last value.
  private mutating func uniqueItems(
    _ items: [NodeID]
  ) throws(ParseFailure) -> [(key: NodeID, value: NodeID)] {
    try count(items.count)
    var result: [(key: NodeID, value: NodeID)] = []
    result.reserveCapacity(items.count / 2)
    var places: [Key: Int] = [:]
    for i in stride(from: 0, to: items.count - 1, by: 2) {
      guard let key = key(items[i]) else {
        result.append((items[i], items[i + 1]))
        continue
      }
      if let place = places[key] {
        result[place].value = items[i + 1]
      } else {
        places[key] = result.count
        result.append((items[i], items[i + 1]))
      }
    }
    return result
  }

  private func component(_ key: NodeID) throws(ParseFailure) -> PathComponent {
    try limits.check(.nameBytes, arena.byteCount(key) ?? 0)
    return .key(arena.keyText(key))
  }
}
