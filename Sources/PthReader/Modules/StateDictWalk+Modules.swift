internal import SWTBytes

// Modules met on the way, with their classes and plain attributes.

extension StateDictWalk {
  /// Records a module at the current place; nothing inside parts that are left out.
  mutating func addModule(
    _ type: GlobalName?, attributes: [(key: NodeID, value: NodeID)]
  ) throws(ParseFailure) {
    guard leavingOut == nil else { return }
    let name = name
    try limits.check(.tensors, findings.modules.count + 1)
    try pay(for: name)
    var values: [String: ModuleValue] = [:]
    for (key, value) in attributes.prefix(256) {
      guard let bytes = arena.byteCount(key), bytes <= 64, let name = arena.text(key), !name.hasPrefix("_")
      else { continue }
      let plain = plain(value)
      if plain != .other { values[name] = plain }
    }
    try count(values.count)
    findings.modules.append(ModuleRecord(name: name, type: Self.demangled(type), attributes: values))
    findings.moduleTypes.append(type?.qualified ?? "")
  }

  /// `__torch__.torch.nn.modules.conv.___torch_mangle_0.Conv2d` -> `torch.nn.modules.conv.Conv2d`.
  static func demangled(_ type: GlobalName?) -> String {
    guard let type else { return "" }
    guard type.module.hasPrefix("__torch__") else { return type.qualified }
    return type.qualified.split(separator: ".").filter {
      $0 != "__torch__" && !$0.hasPrefix("___torch_mangle_")
    }
    .joined(separator: ".")
  }

  /// A number, a short text, or a short tuple of these.
  func plain(_ id: NodeID, depth: Int = 0) -> ModuleValue {
    switch arena.kind(id) {
    case .none: return .none
    case .bool: return arena.bool(id).map { .bool($0) } ?? .other
    case .int: return arena.int(id).map { .int($0) } ?? .other
    case .float: return arena.float(id).map { .float($0) } ?? .other
    case .text:
      guard (arena.byteCount(id) ?? .max) <= ModuleValue.longestText else { return .other }
      return arena.text(id).map { .text($0) } ?? .other
    case .list, .tuple:
      guard depth < 2, arena.elementCount(id) <= ModuleValue.longestList else { return .other }
      return .list((arena.elements(id) ?? []).map { plain($0, depth: depth + 1) })
    case .object:
      // torch.Size, and other sequences made of a tuple.
      guard depth < 2, let object = arena.object(id),
        arena.global(object.callable)?.qualified == "torch.Size",
        let argument = arena.firstElement(object.arguments)
      else { return .other }
      return plain(argument, depth: depth + 1)
    case .wideInt, .bytes, .set, .dict, .global, .persistent: return .other
    }
  }
}

// Arguments of the program that wrote the file.

extension StateDictWalk {
  /// Records at the top of a file that training programs write their arguments into.
  private static var argumentRecords: Set<String> {
    ["args", "arch", "config", "hparams", "hyper_parameters", "hyperparameters", "meta", "opt"]
  }

  /// Records the plain values of a dict if it is an argument record, or in one.
  mutating func addArguments(_ items: [(key: NodeID, value: NodeID)]) throws(ParseFailure) {
    let depth = place.count
    guard depth <= 3, leavingOut == nil, items.count <= 4096 else { return }
    if depth > 0 {
      guard Self.argumentRecords.contains(place[0].component.description) else { return }
    }
    let front = name
    for (key, value) in items where findings.arguments.count < 4096 {
      guard let bytes = arena.byteCount(key), bytes <= 64, let name = arena.text(key),
        depth > 0 || Self.argumentRecords.contains(name)
      else { continue }
      var plain = plain(value)
      // mmcv's configuration is a program as text.
      if plain == .other, arena.kind(value) == .text, (arena.byteCount(value) ?? .max) < 1 << 16,
        let text = arena.text(value)
      {
        plain = .text(text)
      }
      guard plain != .other else { continue }
      let path = front.isEmpty ? name : "\(front).\(name)"
      try pay(for: path)
      findings.arguments.append((path, plain))
    }
  }
}
