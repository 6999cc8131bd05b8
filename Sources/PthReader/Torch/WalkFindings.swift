internal import SWTBytes
internal import SWTTensors

// Results of a traversal: tensors, skipped values, and the names of both.

extension StateDictWalk {
  // MARK: Findings

  var name: String {
    var name = ""
    var isFirst = true
    for step in place where step.isInName {
      // Nearly always there is one part, which needs no other text.
      if isFirst { name = step.component.description } else { name += "." + step.component.description }
      isFirst = false
    }
    return name
  }

  mutating func add(
    _ parts: [TensorDecoder<Provider>.Part], sparse: SparseDescription?
  ) throws(ParseFailure) {
    if let sparse { findings.sparse.append((name, sparse)) }
    for part in parts {
      if !part.name.isEmpty { place.append(Step(component: .key(part.name))) }
      try add(part.tensor)
      if !part.name.isEmpty { place.removeLast() }
    }
  }

  /// Adds the tensors of a file in a byte string: `torch.storage._load_from_bytes(bytes)`.
  mutating func addNestedFile(_ id: NodeID) throws(ParseFailure) {
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

  mutating func add(_ tensor: TensorEntry) throws(ParseFailure) {
    if let leavingOut { return try skip(leavingOut) }
    try limits.check(.tensors, findings.tensors.count + 1)
    var tensor = tensor
    tensor.name = name
    tensor.path = place.map { $0.component }
    try pay(for: tensor.name)
    if tensor.isMeta { try skip("a meta tensor: the file has no values") }
    findings.tensors.append(tensor)
  }

  /// Records a part of a tensor, which is also listed as left out.
  mutating func add(_ part: PartialTensor) throws(ParseFailure) {
    if let leavingOut { return try skip(leavingOut) }
    var part = part
    part.name = name
    part.path = place.map { $0.component }
    findings.partial.append(part)
    try skip(part.reason)
  }

  /// Records something that is left out.
  mutating func skip(_ reason: String) throws(ParseFailure) {
    let name = name
    try limits.check(.tensors, findings.skipped.count + 1)
    try pay(for: name)
    findings.skipped.append(SkippedEntry(path: name, reason: reason))
  }

  /// Limits the memory of names: long keys on deep paths could need far more than the size of the file.
  mutating func pay(for name: String) throws(ParseFailure) {
    pathBytes += PathCost.of(name, place.count)
    try limits.check(.pathBytes, pathBytes)
  }

  // MARK: Keys

  /// A key with Python's equality: `1`, `1.0` and `True` are one key, `"1"` is another.
  enum Key: Hashable {
    case text([UInt8])
    case number(Double)
    case integer(Int128)
    case none
  }

  func key(_ id: NodeID) -> Key? {
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

  /// Items without duplicate keys, by Python's rule: the first position, the last value.
  mutating func uniqueItems(
    _ items: [NodeID]
  ) throws(ParseFailure) -> [(key: NodeID, value: NodeID)] {
    try count(items.count)
    var result: [(key: NodeID, value: NodeID)] = []
    result.reserveCapacity(items.count / 2)
    var places: [Key: Int] = [:]
    places.reserveCapacity(items.count / 2)
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

  func component(_ key: NodeID) throws(ParseFailure) -> PathComponent {
    try limits.check(.nameBytes, arena.byteCount(key) ?? 0)
    return .key(arena.keyText(key))
  }
}
