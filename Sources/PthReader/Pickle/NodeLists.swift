/// The contents of an arena's containers.
///
/// What is added at once, as pickles do for nearly all containers, stays in one array for all; a container that
/// is added to again gets an array of its own. An array for each would take ten times the memory.
struct NodeLists: Sendable {
  /// The contents of one container.
  struct List: Sendable {
    /// Index of its own array, or ``noLink``.
    var link: UInt32 = noLink
    /// Otherwise offset and length in the array for all.
    var range: UInt64 = 0
  }

  static let noLink = UInt32.max

  private var shared = ChunkedArray<NodeID>()
  private var own: [[NodeID]] = []

  /// A container with these elements.
  mutating func list(_ elements: some Collection<NodeID>) -> List {
    guard !elements.isEmpty else { return List() }
    let start = UInt64(shared.count)
    // Elements come from the stack, so there are fewer than opcodes, far below 2^32.
    for element in elements { shared.append(element) }
    return List(range: start << 32 | UInt64(elements.count))
  }

  mutating func add(_ elements: some Collection<NodeID>, to list: inout List) {
    if elements.isEmpty { return }
    if list.link != Self.noLink {
      own[Int(list.link)] += elements
    } else if list.range == 0 {
      list = self.list(elements)
    } else {
      own.append(array(list) + elements)
      list = List(link: UInt32(own.count - 1))
    }
  }

  func array(_ list: List) -> [NodeID] {
    if list.link != Self.noLink { return own[Int(list.link)] }
    return shared.array(Int(list.range >> 32), count: Int(list.range & 0xFFFF_FFFF))
  }

  func count(_ list: List) -> Int {
    list.link != Self.noLink ? own[Int(list.link)].count : Int(list.range & 0xFFFF_FFFF)
  }

  func element(_ index: Int, of list: List) -> NodeID {
    list.link != Self.noLink ? own[Int(list.link)][index] : shared[Int(list.range >> 32) + index]
  }
}
