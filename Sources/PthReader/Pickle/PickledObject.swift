extension PickleArena {
  /// A call that was described but not made.
  package struct Object: Sendable {
    package var callable: NodeID
    package var arguments: NodeID
    /// Keyword arguments of NEWOBJ_EX.
    package var keywords: NodeID?
    /// The arguments of BUILD, in order; nearly always one.
    package var states: [NodeID]
    /// Alternating keys and values added by SETITEM(S).
    package var items: [NodeID]
    /// Elements added by APPEND(S) and ADDITEMS.
    package var elements: [NodeID]

    package var state: NodeID? { states.last }
  }
}
