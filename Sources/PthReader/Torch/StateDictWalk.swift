internal import SWTBytes
internal import SWTTensors

/// Traverses the values of a pickle and collects every tensor with its path.
///
/// Shared branches are visited once per path, as PyTorch shows them; cycles are not followed. Steps and depth
/// are limited, so a tree that shares branches forty levels deep is an error instead of a hang.
struct StateDictWalk<Provider: StorageProvider> {
  /// The results of a traversal.
  struct Findings {
    var tensors: [TensorEntry] = []
    var skipped: [SkippedEntry] = []
    var partial: [PartialTensor] = []
    var sparse: [(name: String, description: SparseDescription)] = []
    /// Types that tensor subclasses without values of their own claim to have.
    var subclassTypes: [ExactString: ScalarType] = [:]
    /// Modules in the order of their paths, and their classes as the file spells them.
    var modules: [ModuleRecord] = []
    var moduleTypes: [String] = []
    /// Plain values of records such as `args`, by path.
    var arguments: [(path: String, value: ModuleValue)] = []
    /// Set if the whole file is one storage.
    var rootStorage: TensorEntry?
    var spending = Spending()
  }

  /// One step from the root: part of the path, and of the name unless `state_dict()` omits it.
  struct Step {
    let component: PathComponent
    var isInName = true
  }

  let decoder: TensorDecoder<Provider>
  let limits: ParseLimits
  var findings = Findings()
  var steps = 0
  var pathBytes = 0
  private var frames: [Frame] = []
  /// The values of all frames: a value that contains itself is not entered again.
  private var onPath: Set<NodeID> = []
  var place: [Step]
  /// Length in bytes of the name of ``place``.
  var nameBytes = 0
  /// The class of the module whose attributes a value is.
  var moduleClasses: [NodeID: GlobalName] = [:]
  /// Set while a part is visited only to report what is left out of it.
  var leavingOut: String?

  let arena: PickleArena

  /// Traverses a whole pickle; `prefix` is its path in containers with several pickles.
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
    arena = decoder.arena
    self.limits = limits
    place = prefix.map { Step(component: $0) }
  }

  // MARK: Walking

  /// The parts of a value that are left to visit.
  enum Segment {
    /// At the same path: the state of an object, or arguments that are a single dict.
    case same(NodeID)
    /// By index; `isInName` is false if `state_dict()` omits the index.
    case elements([NodeID], isInName: Bool = true)
    case items([(key: NodeID, value: NodeID)])
    /// `_parameters`, `_buffers` or `_modules`: part of the path, but not of the name.
    case section(String, [(key: NodeID, value: NodeID)], transient: Set<String>)
  }

  /// A value being visited. Frames are in an array instead of on the call stack: the caller's thread may have
  /// only half a megabyte of stack, and values may be nested 500 levels deep.
  private struct Frame {
    let id: NodeID
    /// Number of steps of ``place`` that lead here.
    let stepCount: Int
    let outerNameBytes: Int
    let outerReason: String?
    var segments: [(segment: Segment, leavingOut: String?)]
    var index = 0
    var cursor = 0
  }

  private struct Child {
    let id: NodeID
    /// The part of its path that is not in its name.
    var section: Step?
    var step: Step?
    var leavingOut: String?
  }

  private mutating func walk(_ root: NodeID) throws(ParseFailure) {
    try enter(Child(id: root))
    while !frames.isEmpty {
      if let child = try nextChild() { try enter(child) } else { leave() }
    }
  }

  private mutating func enter(_ child: Child) throws(ParseFailure) {
    guard !isLeaf(child.id), !onPath.contains(child.id) else { return }
    try count(1)
    try limits.check(.depth, frames.count + 1)
    let (outerNameBytes, outerReason, stepCount) = (nameBytes, leavingOut, place.count)
    if let section = child.section { place.append(section) }
    if let step = child.step {
      place.append(step)
      if step.isInName { nameBytes += step.component.byteCount + 1 }
    }
    // Checked before the name is built: 400 keys of 60 KB would make one of 24 MB.
    try limits.check(.nameBytes, nameBytes)
    leavingOut = leavingOut ?? child.leavingOut
    let frame = Frame(
      id: child.id, stepCount: place.count - stepCount, outerNameBytes: outerNameBytes,
      outerReason: outerReason, segments: try segments(of: child.id))
    // Nearly every value is a tensor, with nothing more to visit.
    guard !frame.segments.isEmpty else { return restore(frame) }
    onPath.insert(child.id)
    frames.append(frame)
  }

  private mutating func leave() {
    guard let frame = frames.popLast() else { return }
    onPath.remove(frame.id)
    restore(frame)
  }

  /// Goes back to where a value was entered.
  private mutating func restore(_ frame: Frame) {
    place.removeLast(frame.stepCount)
    nameBytes = frame.outerNameBytes
    leavingOut = frame.outerReason
  }

  /// The next value in the innermost frame that may contain a tensor.
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
          return Child(id: ids[place], step: step, leavingOut: reason)
        }
      case .items(let items):
        while frames[top].cursor < items.count {
          let (key, value) = items[frames[top].cursor]
          frames[top].cursor += 1
          guard !isLeaf(value) else { continue }
          return Child(id: value, step: Step(component: try component(key)), leavingOut: reason)
        }
      case .section(let name, let items, let transient):
        while frames[top].cursor < items.count {
          let (key, value) = items[frames[top].cursor]
          frames[top].cursor += 1
          guard !isLeaf(value) else { continue }
          let component = try component(key)
          return Child(
            id: value, section: Step(component: .key(name), isInName: false),
            step: Step(component: component),
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

  /// Whether a value cannot contain a tensor.
  func isLeaf(_ id: NodeID) -> Bool {
    switch arena.kind(id) {
    case .none, .bool, .int, .wideInt, .float, .text, .bytes, .global: true
    case .list, .tuple, .set, .dict, .object, .persistent: false
    }
  }
}
