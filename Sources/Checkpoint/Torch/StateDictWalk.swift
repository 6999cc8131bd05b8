internal import SWTBytes
internal import SWTTensors

/// Walks a pickle's values and collects every tensor with its path.
///
/// Shared branches are walked for each of their paths, as PyTorch would show them; cycles end the walk; the
/// number of steps and the depth are limited, so a tree that shares its branches forty levels deep is an
/// error and not a wait.
struct StateDictWalk<Provider: StorageProvider> {
  private var decoder: TensorDecoder<Provider>
  private let limits: ParseLimits
  private var tensors: [TensorEntry] = []
  private var skipped: [SkippedEntry] = []
  private var steps = 0
  private var onPath: Set<NodeID> = []

  private var arena: PickleArena { decoder.arena }

  /// Where the walk stands: the name that `state_dict()` would give and the path as pickled.
  private struct Place {
    var name: [String] = []
    var path: [PathComponent] = []

    func appending(_ component: PathComponent) -> Place {
      Place(name: name + [component.description], path: path + [component])
    }

    var joined: String { name.joined(separator: ".") }
  }

  static func collect(
    _ pickle: Pickle, provider: Provider, limits: ParseLimits, nesting: Int = 0
  ) throws(ParseFailure) -> (tensors: [TensorEntry], skipped: [SkippedEntry]) {
    var walk = StateDictWalk(
      decoder: TensorDecoder(arena: pickle.arena, limits: limits, provider: provider, nesting: nesting),
      limits: limits)
    try walk.visit(pickle.root, at: Place(), depth: 0)
    return (walk.tensors, walk.skipped)
  }

  private init(decoder: TensorDecoder<Provider>, limits: ParseLimits) {
    self.decoder = decoder
    self.limits = limits
  }

  private mutating func visit(_ id: NodeID, at place: Place, depth: Int) throws(ParseFailure) {
    steps += 1
    try limits.check(.walkSteps, steps)
    try limits.check(.depth, depth)
    let kind = arena.kind(id)
    guard !isLeaf(id), onPath.insert(id).inserted else { return }
    defer { onPath.remove(id) }
    switch kind {
    case .dict:
      try visitItems(arena.elements(id) ?? [], at: place, depth: depth)
    case .list, .tuple, .set:
      try visitElements(arena.elements(id) ?? [], at: place, depth: depth)
    default:
      try visitObject(id, at: place, depth: depth)
    }
  }

  /// Values that can hold no tensor.
  private func isLeaf(_ id: NodeID) -> Bool {
    switch arena.kind(id) {
    case .none, .bool, .int, .wideInt, .float, .text, .bytes, .global: true
    case .list, .tuple, .set, .dict, .object, .persistent: false
    }
  }

  private mutating func visitElements(
    _ elements: [NodeID], at place: Place, depth: Int
  ) throws(ParseFailure) {
    for (index, element) in elements.enumerated() where !isLeaf(element) {
      try visit(element, at: place.appending(.index(index)), depth: depth + 1)
    }
  }

  private mutating func visitItems(_ items: [NodeID], at place: Place, depth: Int) throws(ParseFailure) {
    for (key, value) in uniqueItems(items) where !isLeaf(value) {
      try visit(value, at: place.appending(component(key)), depth: depth + 1)
    }
  }

  private mutating func visitObject(_ id: NodeID, at place: Place, depth: Int) throws(ParseFailure) {
    do throws(ParseFailure) {
      switch try decoder.decode(id) {
      case .tensors(let parts):
        try limits.check(.tensors, tensors.count + parts.count)
        for (part, tensor) in parts { add(tensor, at: part.isEmpty ? place : place.appending(.key(part))) }
        return
      case .unreadable(let reason):
        skipped.append(SkippedEntry(path: place.joined, reason: reason))
      case .notATensor: break
      }
    } catch {
      throw error.inside(place.joined.isEmpty ? "the top-level value" : "tensor \(place.joined)")
    }
    guard let object = arena.object(id) else { return }
    let global = arena.global(object.callable)
    switch global.flatMap(TorchTypes.Constructor.init) {
    case .loadFromBytes:
      try visitNestedFile(object, at: place)
      return
    case .orderedDict:
      try visitItems(orderedDictItems(object), at: place, depth: depth)
      // The state is the attribute `_metadata`, not part of the dict.
      return
    case .defaultDict:
      try visitItems(object.items, at: place, depth: depth)
      return
    default: break
    }
    try visitItems(object.items, at: place, depth: depth)
    try visitElements(object.elements, at: place, depth: depth)
    if let state = object.state { try visitState(state, at: place, depth: depth) }
    // Arguments of a class nobody knows: a namedtuple of tensors, a dict subclass.
    if global.map({ !$0.name.hasPrefix("_reconstructor") && $0.name != "Size" }) ?? true {
      try visitArguments(object, at: place, depth: depth)
    }
  }

  private mutating func visitArguments(
    _ object: PickleArena.Object, at place: Place, depth: Int
  ) throws(ParseFailure) {
    guard let arguments = arena.elements(object.arguments), !arguments.isEmpty else { return }
    if arguments.count == 1, arena.kind(arguments[0]) == .dict {
      return try visit(arguments[0], at: place, depth: depth + 1)
    }
    try visitElements(arguments, at: place, depth: depth)
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

  private mutating func visitState(_ state: NodeID, at place: Place, depth: Int) throws(ParseFailure) {
    if arena.kind(state) == .tuple, let parts = arena.elements(state), parts.count == 2,
      parts.allSatisfy({ arena.kind($0) == .dict || arena.kind($0) == .none })
    {
      // (dict, slots)
      for part in parts { try visitState(part, at: place, depth: depth + 1) }
      return
    }
    guard arena.kind(state) == .dict, let items = arena.elements(state) else {
      return try visit(state, at: place, depth: depth + 1)
    }
    let attributes = uniqueItems(items)
    let names = Set(attributes.compactMap { arena.text($0.key) })
    if names.contains("_parameters"), names.contains("_modules") {
      try visitModule(attributes, at: place, depth: depth)
    } else {
      try visitItems(items, at: place, depth: depth)
    }
  }

  /// An `nn.Module`: the names that its `state_dict()` would have, in that order.
  private mutating func visitModule(
    _ attributes: [(key: NodeID, value: NodeID)], at place: Place, depth: Int
  ) throws(ParseFailure) {
    var parts: [String: NodeID] = [:]
    for (key, value) in attributes {
      if let name = arena.text(key) { parts[name] = value }
    }
    let transient = Set(
      parts["_non_persistent_buffers_set"].map(collectTexts) ?? [])
    for section in ["_parameters", "_buffers", "_modules"] {
      guard let dict = parts[section] else { continue }
      for (key, value) in dictItems(dict) {
        guard arena.kind(value) != .none else { continue }
        let component = component(key)
        let inner = Place(
          name: place.name + [component.description], path: place.path + [.key(section), component])
        if section == "_buffers", transient.contains(component.description) {
          skipped.append(
            SkippedEntry(path: inner.joined, reason: "a non-persistent buffer, not part of state_dict()"))
          continue
        }
        try visit(value, at: inner, depth: depth + 1)
      }
    }
  }

  /// Items of a dict or of an OrderedDict.
  private func dictItems(_ id: NodeID) -> [(key: NodeID, value: NodeID)] {
    if let object = arena.object(id) { return uniqueItems(orderedDictItems(object)) }
    return arena.kind(id) == .dict ? uniqueItems(arena.elements(id) ?? []) : []
  }

  /// Texts of a set, however its pickle protocol writes one.
  private func collectTexts(_ id: NodeID) -> [String] {
    if let elements = arena.elements(id) { return elements.compactMap { arena.text($0) } }
    guard let object = arena.object(id), let first = arena.elements(object.arguments)?.first,
      let elements = arena.elements(first)
    else { return [] }
    return elements.compactMap { arena.text($0) }
  }

  // MARK: Nested files

  /// `torch.storage._load_from_bytes(bytes)`: a whole legacy file inside a string.
  private mutating func visitNestedFile(
    _ object: PickleArena.Object, at place: Place
  ) throws(ParseFailure) {
    guard let nested = try decoder.nestedFile(object) else { return }
    for tensor in nested.tensors {
      var place = place
      for component in tensor.path { place = place.appending(component) }
      add(tensor, at: place)
    }
    skipped += nested.skipped
  }

  // MARK: Small things

  private mutating func add(_ tensor: TensorEntry, at place: Place) {
    var tensor = tensor
    tensor.name = place.joined
    tensor.path = place.path
    if tensor.isMeta {
      skipped.append(SkippedEntry(path: tensor.name, reason: "a meta tensor: the file holds no values"))
    }
    tensors.append(tensor)
  }

  private func component(_ key: NodeID) -> PathComponent {
    if let text = arena.text(key) { return .key(text) }
    switch arena.kind(key) {
    case .bool: return .key(arena.bool(key) == true ? "True" : "False")
    case .int, .wideInt: return .key(arena.wideInt(key).map { "\($0)" } ?? "?")
    case .float: return .key(arena.float(key).map { "\($0)" } ?? "?")
    case .none: return .key("None")
    case .global: return .key(arena.global(key)?.qualified ?? "?")
    default: return .key("<\(arena.kind(key))>")
    }
  }

  /// Python's rule for a key that comes twice: the first place, the last value.
  private func uniqueItems(_ items: [NodeID]) -> [(key: NodeID, value: NodeID)] {
    var result: [(key: NodeID, value: NodeID)] = []
    var places: [PathComponent: Int] = [:]
    for i in stride(from: 0, to: items.count - 1, by: 2) {
      let (key, value) = (items[i], items[i + 1])
      let name = component(key)
      switch arena.kind(key) {
      case .text, .int, .bool:
        if let place = places[name] {
          result[place].value = value
          continue
        }
        places[name] = result.count
      default: break
      }
      result.append((key, value))
    }
    return result
  }
}
