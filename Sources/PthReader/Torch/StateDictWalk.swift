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
  struct Step {
    let component: PathComponent
    var isInName = true
  }

  var decoder: TensorDecoder<Provider>
  let limits: ParseLimits
  var findings = Findings()
  var steps = 0
  var pathBytes = 0
  private var frames: [Frame] = []
  /// The values that the frames stand for: one that holds itself is not entered again.
  private var onPath: Set<NodeID> = []
  var place: [Step]
  /// Bytes of the name that ``place`` stands for.
  var nameBytes = 0
  /// Set while a part is walked only to say what is left out of it.
  var leavingOut: String?

  var arena: PickleArena { decoder.arena }

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
  enum Segment {
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

  mutating func count(_ more: Int) throws(ParseFailure) {
    steps += more
    if steps > limits[.walkSteps] { try limits.check(.walkSteps, steps) }
  }

  /// Values that can hold no tensor.
  func isLeaf(_ id: NodeID) -> Bool {
    switch arena.kind(id) {
    case .none, .bool, .int, .wideInt, .float, .text, .bytes, .global: true
    case .list, .tuple, .set, .dict, .object, .persistent: false
    }
  }
}
