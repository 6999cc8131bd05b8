internal import SWTBytes

/// The attributes of pickled Python objects.
extension PickleArena {
  /// The attributes that BUILD sets on an object.
  func attributes(of id: NodeID) -> [String: NodeID] {
    var all: [String: NodeID] = [:]
    for state in object(id)?.states ?? [] { all.merge(attributes(state)) { _, new in new } }
    return all
  }

  /// The attributes in the argument of BUILD: a dict, or `(dict, slots)`, either of which may be None.
  func attributes(_ state: NodeID) -> [String: NodeID] {
    var all: [String: NodeID] = [:]
    let dicts = kind(state) == .tuple ? elements(state) ?? [] : [state]
    for dict in dicts where kind(dict) == .dict {
      for (key, value) in items(of: dict) {
        if let name = text(key) { all[name] = value }
      }
    }
    return all
  }

  /// Calls `body` with the attributes that BUILD sets on an object, in order, without a dictionary of them.
  func forEachAttribute<E: Error>(
    of id: NodeID, _ body: (_ name: NodeID, _ value: NodeID) throws(E) -> Void
  ) throws(E) {
    let states = onlyState(id).map { [$0] } ?? object(id)?.states ?? []
    for state in states {
      let isPair = kind(state) == .tuple
      for place in 0..<(isPair ? elementCount(state) : 1) {
        let dict = isPair ? element(place, of: state) : state
        guard kind(dict) == .dict else { continue }
        for item in 0..<elementCount(dict) / 2 {
          try body(element(2 * item, of: dict), element(2 * item + 1, of: dict))
        }
      }
    }
  }

  /// The keys and values of a dict; empty if it is not a dict.
  func items(of dict: NodeID) -> [(key: NodeID, value: NodeID)] {
    guard kind(dict) == .dict, let flat = elements(dict) else { return [] }
    return stride(from: 0, to: flat.count - 1, by: 2).map { (flat[$0], flat[$0 + 1]) }
  }

  /// A tuple, a list or a `torch.Size` of integers.
  ///
  /// - Throws: ``ParseFailure`` if it is something else, or has more elements than a tensor may have
  ///   dimensions.
  func integers(_ id: NodeID, _ what: String, limits: ParseLimits) throws(ParseFailure) -> [Int] {
    var list = id
    if let object = object(id), let inner = elements(object.arguments)?.first { list = inner }
    guard kind(list) == .tuple || kind(list) == .list else {
      throw ParseFailure(.invalid("the \(what) is not a tuple"))
    }
    try limits.check(.rank, elementCount(list))
    var values: [Int] = []
    values.reserveCapacity(elementCount(list))
    for place in 0..<elementCount(list) {
      guard let value = int(element(place, of: list)) else {
        throw ParseFailure(.invalid("the \(what) has an element that is not a 64-bit integer"))
      }
      values.append(value)
    }
    return values
  }
}
