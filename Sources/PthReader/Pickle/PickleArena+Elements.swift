extension PickleArena {
  /// The first of the ``elements(_:)``.
  func firstElement(_ id: NodeID) -> NodeID? { elementCount(id) > 0 ? element(0, of: id) : nil }

  /// The ``elements(_:)`` of what has as few as the arguments of a call; nil for more.
  ///
  /// Many calls may share one long tuple, and a copy for each would take quadratic time.
  func fewElements(_ id: NodeID) -> [NodeID]? { elementCount(id) <= 64 ? elements(id) : nil }
}
