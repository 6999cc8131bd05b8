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
    try walk.visit(pickle.root)
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

  // MARK: Values

  private mutating func visit(_ id: NodeID, as step: Step) throws(ParseFailure) {
    guard !isLeaf(id) else { return }
    let outer = nameBytes
    nameBytes += step.component.byteCount + 1
    // Before any name is put together: four hundred keys of 60 KB would make one of 24 MB.
    try limits.check(.nameBytes, nameBytes)
    place.append(step)
    try visit(id)
    place.removeLast()
    nameBytes = outer
  }

  private mutating func visit(_ id: NodeID) throws(ParseFailure) {
    guard !isLeaf(id), onPath.insert(id).inserted else { return }
    defer { onPath.remove(id) }
    try count(1)
    try limits.check(.depth, onPath.count)
    switch arena.kind(id) {
    case .dict: try visitDict(try uniqueItems(arena.elements(id) ?? []))
    case .list, .tuple, .set: try visitElements(id)
    default: try visitObject(id)
    }
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

  private mutating func visitElements(_ id: NodeID) throws(ParseFailure) {
    try visitElements(arena.elements(id) ?? [])
  }

  private mutating func visitElements(_ elements: [NodeID]) throws(ParseFailure) {
    try count(elements.count)
    for (index, element) in elements.enumerated() {
      try visit(element, as: Step(component: .index(index)))
    }
  }

  private mutating func visitItems(_ items: [(key: NodeID, value: NodeID)]) throws(ParseFailure) {
    for (key, value) in items where !isLeaf(value) {
      try visit(value, as: Step(component: try component(key)))
    }
  }

  /// A dict, which is the inside of a module when it looks like one: TorchScript and torch.package keep
  /// modules so.
  private mutating func visitDict(_ items: [(key: NodeID, value: NodeID)]) throws(ParseFailure) {
    if let module = moduleParts(items) {
      try visitModule(module, others: items)
    } else {
      try visitItems(items)
    }
  }

  private mutating func visitObject(_ id: NodeID) throws(ParseFailure) {
    let decoded: TensorDecoder<Provider>.Decoded
    do throws(ParseFailure) {
      decoded = try decoder.decode(id)
    } catch {
      throw error.inside(place.isEmpty ? "the top-level value" : "tensor \(name)")
    }
    switch decoded {
    case .tensors(let parts, let extras): return try add(parts, extras)
    case .storage(let whole):
      if place.isEmpty { findings.rootStorage = whole }
      return try skip(
        "a storage of \(whole.shape.first ?? 0) \(whole.scalarType.rawValue), which is no tensor")
    case .sameAs(let other): return try visit(other)
    case .unreadable(let reason, let attributes):
      try skip(reason)
      if let attributes { return try visitState(attributes) }
    case .notATensor: break
    }
    if let pid = arena.persistentID(id) { return try visitReference(pid) }
    guard let object = arena.object(id) else { return }
    switch decoder.constructor(object.callable) {
    case .loadFromBytes: try visitNestedFile(id)
    // The state is the attribute `_metadata`, not part of the dict.
    case .orderedDict: try visitDict(try uniqueItems(orderedDictItems(object)))
    case .defaultDict: try visitDict(try uniqueItems(object.items))
    default: try visitCall(object)
    }
  }

  /// A call that makes nothing known: whatever its record holds is walked.
  private mutating func visitCall(_ object: PickleArena.Object) throws(ParseFailure) {
    try visitItems(try uniqueItems(object.items))
    try visitElements(object.elements)
    for state in object.states { try visitState(state) }
    // Arguments of a class nobody knows: a namedtuple of tensors, a dict subclass.
    if arena.global(object.callable)?.canonical == "copyreg._reconstructor" {
      // (class, base, value of the base): what a subclass of dict or list held.
      if let parts = arena.elements(object.arguments), parts.count == 3 { try visit(parts[2]) }
    } else {
      try visitArguments(object)
    }
    if let keywords = object.keywords { try visit(keywords) }
  }

  private mutating func visitArguments(_ object: PickleArena.Object) throws(ParseFailure) {
    guard let arguments = arena.elements(object.arguments), !arguments.isEmpty else { return }
    if arguments.count == 1, arena.kind(arguments[0]) == .dict { return try visit(arguments[0]) }
    try visitElements(arguments)
  }

  /// A reference out of the pickle that is no storage: `("module", class, file, source)`, or a call that
  /// torch.package wraps so, `("reduce_package", id, callable, arguments)`.
  private mutating func visitReference(_ pid: NodeID) throws(ParseFailure) {
    guard let parts = arena.elements(pid), let kind = parts.first.flatMap({ arena.text($0) }) else { return }
    guard kind == "reduce_package", let arguments = parts.last else { return }
    for (index, argument) in (arena.elements(arguments) ?? []).enumerated() {
      try visit(argument, as: Step(component: .index(index), isInName: false))
    }
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

  // MARK: Objects with attributes

  private mutating func visitState(_ state: NodeID) throws(ParseFailure) {
    if arena.kind(state) == .tuple, let parts = arena.elements(state), parts.count == 2,
      parts.allSatisfy({ arena.kind($0) == .dict || arena.kind($0) == .none })
    {
      // (dict, slots)
      for part in parts { try visit(part) }
      return
    }
    try visit(state)
  }

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

  /// An `nn.Module`: the names that its `state_dict()` would have, in that order.
  private mutating func visitModule(
    _ parts: [String: NodeID], others: [(key: NodeID, value: NodeID)]
  ) throws(ParseFailure) {
    let sections = ["_parameters", "_buffers", "_modules"]
    let transient = Set(parts["_non_persistent_buffers_set"].map(texts) ?? [])
    for section in sections {
      guard let dict = parts[section] else { continue }
      place.append(Step(component: .key(section), isInName: false))
      for (key, value) in try dictItems(dict) {
        let component = try component(key)
        if section == "_buffers", transient.contains(component.description) {
          try leaveOut("a non-persistent buffer, not part of state_dict()") { walk throws(ParseFailure) in
            try walk.visit(value, as: Step(component: component))
          }
        } else {
          try visit(value, as: Step(component: component))
        }
      }
      place.removeLast()
    }
    for (key, value) in others where !isLeaf(value) {
      let component = try component(key)
      guard !sections.contains(component.description) else { continue }
      try leaveOut("an attribute of a module, not part of state_dict()") { walk throws(ParseFailure) in
        try walk.visit(value, as: Step(component: component))
      }
    }
  }

  /// Walks a part only to list the tensors in it that are left out.
  private mutating func leaveOut(
    _ reason: String, _ body: (inout Self) throws(ParseFailure) -> Void
  ) throws(ParseFailure) {
    let outer = leavingOut
    leavingOut = outer ?? reason
    try body(&self)
    leavingOut = outer
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

  // MARK: Nested files

  /// `torch.storage._load_from_bytes(bytes)`: a whole file inside a string.
  private mutating func visitNestedFile(_ id: NodeID) throws(ParseFailure) {
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

  // MARK: Findings

  private var name: String {
    place.lazy.filter(\.isInName).map(\.component.description).joined(separator: ".")
  }

  private mutating func add(
    _ parts: [TensorDecoder<Provider>.Part], _ extras: TensorDecoder<Provider>.Extras
  ) throws(ParseFailure) {
    if let sparse = extras.sparse { findings.sparse.append((name, sparse)) }
    for part in parts {
      if !part.name.isEmpty { place.append(Step(component: .key(part.name))) }
      try add(part.tensor)
      if !part.name.isEmpty { place.removeLast() }
    }
    guard let attributes = extras.attributes else { return }
    try leaveOut("an attribute of a tensor, which a state dict does not hold") { walk throws(ParseFailure) in
      try walk.visit(attributes)
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
    return .key(arena.keyText(key, depth: 0))
  }
}

extension PickleArena {
  /// How protocol 2 writes `bytes`.
  private func isEncodedText(_ id: NodeID) -> Bool {
    object(id).flatMap { global($0.callable) }?.canonical == "_codecs.encode"
  }

  /// A dict key as text: strings as they are, other values as Python prints them.
  fileprivate func keyText(_ id: NodeID, depth: Int) -> String {
    switch kind(id) {
    case .text:
      let text = text(id) ?? "?"
      return depth == 0 ? text : "'\(text.prefix(256))'"
    case .bytes: return "b'\((rawBytes(id).map { Self.decode($0[...]) } ?? "?").prefix(256))'"
    case .bool: return bool(id) == true ? "True" : "False"
    case .int, .wideInt: return wideInt(id).map { "\($0)" } ?? "?"
    case .float: return float(id).map { "\($0)" } ?? "?"
    case .none: return "None"
    case .global: return global(id)?.qualified ?? "?"
    case .tuple where depth < 2 && elementCount(id) <= 16:
      let parts = (elements(id) ?? []).map { keyText($0, depth: depth + 1) }
      return parts.count == 1 ? "(\(parts[0]),)" : "(\(parts.joined(separator: ", ")))"
    case .object where isEncodedText(id):
      return
        "b'\((object(id).flatMap { elements($0.arguments)?.first }.flatMap { text($0) } ?? "?").prefix(256))'"
    case .object:
      // An enumeration's member is its class called with its value.
      guard depth < 2, let object = object(id), let global = global(object.callable) else {
        return "<object>"
      }
      let arguments = (elements(object.arguments) ?? []).prefix(4).map { keyText($0, depth: depth + 1) }
      return "\(global.qualified)(\(arguments.joined(separator: ", ")))"
    default: return "<\(kind(id))>"
    }
  }
}
