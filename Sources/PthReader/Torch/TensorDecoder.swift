internal import SWTBytes
internal import SWTTensors

/// Turns calls that rebuild tensors into views of storages.
///
/// Signatures: torch/_utils.py. Every number is checked; a view is never assumed to be within its storage.
///
/// A class, because the traversal that owns one would copy a struct in calls that do not change it.
final class TensorDecoder<Provider: StorageProvider> {
  let arena: PickleArena
  let limits: ParseLimits
  var provider: Provider
  /// Nesting level of files inside files.
  let nesting: Int
  /// Calls decoded so far: wrappers could refer to each other forever.
  private var steps = 0
  /// Results that may be requested again: shared tensors, and files in byte strings.
  private var known: [NodeID: Decoded] = [:]
  private var knownFiles: [NodeID: Checkpoint] = [:]
  /// Resources used by files in byte strings.
  private(set) var spending = Spending()
  private var constructors: [NodeID: TorchTypes.Constructor?] = [:]
  /// The constructor that was looked up last: nearly always the next is the same.
  private var lastConstructor: (callable: NodeID, constructor: TorchTypes.Constructor?)?
  /// What parts of persistent IDs mean.
  var words = StorageReference.Words()

  init(arena: PickleArena, limits: ParseLimits, provider: Provider, nesting: Int) {
    self.arena = arena
    self.limits = limits
    self.provider = provider
    self.nesting = nesting
  }

  /// The arguments of a call, by index.
  struct Arguments {
    let ids: [NodeID]
    let function: String

    func callAsFunction(_ index: Int) throws(ParseFailure) -> NodeID {
      guard index < ids.count else {
        throw ParseFailure(.invalid("\(function) has only \(ids.count) arguments"))
      }
      return ids[index]
    }
  }

  /// What a value is, in terms of tensors.
  enum Decoded {
    /// The tensors that make up a value, with names; an ordinary tensor is one part with an empty name.
    case tensors([Part], Extras = Extras())
    /// The result of a tensor function whose values cannot be read.
    case unreadable(String, attributes: NodeID? = nil)
    /// A tensor subclass with values in its attributes alone, and the type that it claims to have.
    case subclass(ScalarType?, attributes: NodeID?)
    /// A part of a tensor that is spread over several files.
    case partial(PartialTensor)
    /// A storage by itself, as a flat tensor of all its elements; not a tensor to PyTorch.
    case storage(TensorEntry)
    /// The same as another value: a typed list of TorchScript.
    case sameAs(NodeID)
    case notATensor
  }

  struct Part {
    var name = ""
    var tensor: TensorEntry
  }

  /// Parts of a tensor besides its values.
  struct Extras {
    /// Layout and size of a sparse tensor, which its parts do not say.
    var sparse: SparseDescription?
    /// Python attributes that were set on the tensor.
    var attributes: NodeID?
  }

  /// Limit on tensors inside tensors: a parameter of a subclass of a sparse tensor has three levels. Stack
  /// frames are large here, and the caller's thread may have little stack.
  private static var deepest: Int { 16 }

  private static func requireShallow(_ depth: Int) throws(ParseFailure) {
    guard depth <= deepest else {
      throw ParseFailure(.invalid("a tensor has more than \(deepest) wrappers"))
    }
  }

  /// Decodes a node that may be a tensor.
  func decode(_ id: NodeID, depth: Int = 0) throws(ParseFailure) -> Decoded {
    try Self.requireShallow(depth)
    // Calls inside calls may share their arguments, so their number would grow with a power of the depth.
    let isRepeated = depth > 0 || arena.isShared(id)
    if isRepeated, let decoded = known[id] { return decoded }
    steps += 1
    try limits.check(.walkSteps, steps)
    let decoded = try make(id, depth: depth)
    if isRepeated, case .tensors = decoded { known[id] = decoded }
    return decoded
  }

  private func make(_ id: NodeID, depth: Int) throws(ParseFailure) -> Decoded {
    if let pid = arena.persistentID(id) {
      if let reference = try StorageReference(pid, in: arena, &words) {
        return .storage(try bareStorage(reference))
      }
      guard let key = arena.text(pid) ?? arena.int(pid).map(String.init),
        let object = try provider.object(key)
      else { return .notATensor }
      switch object {
      case .tensor(let tensor): return .tensors([Part(tensor: tensor)])
      case .storage(let whole): return .storage(whole)
      }
    }
    guard let object = arena.object(id), let global = arena.global(object.callable),
      let ids = arena.fewElements(object.arguments)
    else { return .notATensor }
    let arguments = Arguments(ids: ids, function: global.name)
    guard let constructor = constructor(object.callable) else {
      return try decodeOldForms(global, object, arguments, depth: depth)
    }
    switch constructor {
    case .numpyArray:
      guard let state = object.state else { return .unreadable("a NumPy array without state") }
      return try NumpyDecoder(arena: arena, limits: limits).decode(state: state)
    case .joblibArray: return try NumpyDecoder(arena: arena, limits: limits).decode(joblib: id)
    case .numpyBuffer: return try NumpyDecoder(arena: arena, limits: limits).decode(buffer: arguments)
    default: return try decodeCall(constructor, arguments, depth: depth)
    }
  }

  /// The constructor that a global names, looked up once per global.
  func constructor(_ callable: NodeID) -> TorchTypes.Constructor? {
    if let lastConstructor, lastConstructor.callable == callable { return lastConstructor.constructor }
    let constructor = constructors[callable] ?? arena.global(callable).flatMap(TorchTypes.Constructor.init)
    constructors[callable] = .some(constructor)
    lastConstructor = (callable, constructor)
    return constructor
  }

  /// What a known function would return for these arguments.
  private func decodeCall(
    _ constructor: TorchTypes.Constructor, _ arguments: Arguments, depth: Int
  ) throws(ParseFailure) -> Decoded {
    try Self.requireShallow(depth)
    switch constructor {
    case .tensor:
      return .tensors([Part(tensor: try strided(arguments, type: nil))])
    case .tensorV2:
      return .tensors([Part(tensor: try strided(arguments, type: nil, flags: try flags(arguments, 6)))])
    case .tensorV3:
      let type = try elementType(try arguments(6))
      return .tensors([Part(tensor: try strided(arguments, type: type, flags: try flags(arguments, 7)))])
    case .parameter, .deviceFromTensor, .deviceFromNumpy:
      return try decode(try arguments(0), depth: depth + 1)
    case .parameterWithState:
      return with(attributes: arguments.ids.last, try decode(try arguments(0), depth: depth + 1))
    case .quantized:
      return .tensors([Part(tensor: try quantized(arguments, depth: depth))])
    case .sparse:
      return try sparse(arguments, depth: depth)
    case .nested:
      return try nested(arguments, depth: depth)
    case .meta:
      return .tensors([Part(tensor: try meta(arguments))])
    case .wrapper:
      // (class, dtype, size, …)
      let type = arguments.ids.count > 1 ? arena.global(arguments.ids[1]).flatMap(TorchTypes.dtype) : nil
      return .subclass(type, attributes: nil)
    case .fromTypeV2, .fromType:
      // _rebuild_from_type_v2(func, type, args, state): the inner call creates the tensor.
      let function = try arguments(0)
      let state = arguments.ids.count > 3 ? arguments.ids[3] : nil
      if self.constructor(function) == .wrapper,
        let kind = DistributedClass(arena.global(try arguments(1)))
      {
        return try distributed(kind, arena.elements(try arguments(2)) ?? [], state: state, depth: depth)
      }
      guard let inner = self.constructor(function), let ids = arena.elements(try arguments(2)) else {
        return .unreadable("a tensor subclass created by an unknown function", attributes: state)
      }
      let name = arena.global(function)?.name ?? "?"
      let decoded = try decodeCall(inner, Arguments(ids: ids, function: name), depth: depth + 1)
      return with(attributes: state, decoded)
    case .typeTag:
      return .sameAs(try arguments(0))
    case .numpyArray, .numpyBuffer, .joblibArray, .orderedDict, .defaultDict, .loadFromBytes:
      return .notATensor
    }
  }

  private func with(attributes: NodeID?, _ decoded: Decoded) -> Decoded {
    switch decoded {
    case .tensors(let parts, var extras):
      extras.attributes = attributes
      return .tensors(parts, extras)
    case .unreadable(let reason, _): return .unreadable(reason, attributes: attributes)
    case .subclass(let type, _): return .subclass(type, attributes: attributes)
    default: return decoded
    }
  }

  /// Tensors older than `_rebuild_tensor`: a class called without arguments, then BUILD.
  private func decodeOldForms(
    _ global: GlobalName, _ object: PickleArena.Object, _ arguments: Arguments, depth: Int
  ) throws(ParseFailure) -> Decoded {
    if TorchTypes.uninitialized.contains(global.qualified) {
      return .unreadable("an uninitialized parameter, which has no values yet")
    }
    if TorchTypes.parameterClasses.contains(global.qualified) {
      // Parameter(data, …), with or without BUILD (requires_grad, …), as in 0.1 to 0.4.0; before, Parameter()
      // with BUILD (data, grad, hooks, requires_grad, volatile).
      let stated = object.state.flatMap { arena.elements($0) } ?? []
      guard let data = arguments.ids.first ?? stated.first else {
        return .unreadable("a parameter without values")
      }
      return try decode(data, depth: depth + 1)
    }
    guard TorchTypes.tensorType(global) != nil || global.qualified == "torch.Tensor",
      let state = object.state, let parts = arena.fewElements(state), parts.count == 4
    else { return .notATensor }
    return .tensors([Part(tensor: try strided(Arguments(ids: parts, function: global.name), type: nil))])
  }

  // MARK: Files in byte strings

  /// The file in `torch.storage._load_from_bytes(bytes)`; nil for any other call.
  func nestedFile(_ id: NodeID) throws(ParseFailure) -> Checkpoint? {
    if let file = knownFiles[id] { return file }
    guard let object = arena.object(id), constructor(object.callable) == .loadFromBytes,
      let argument = arena.firstElement(object.arguments)
    else { return nil }
    guard let bytes = try PickleText.rawData(arena, argument) else {
      throw ParseFailure(.invalid("_load_from_bytes has no bytes"))
    }
    try limits.check(.nesting, nesting + 1)
    do throws(ParseFailure) {
      let file = try CheckpointReader.read(bytes, limits: budgetInside(), nesting: nesting + 1)
      knownFiles[id] = file
      spending.add(file.spending)
      return file
    } catch {
      throw error.inside("a file inside the pickle")
    }
  }

  /// Nested files share one budget: what was used so far is not available to the next.
  private func budgetInside() -> ParseLimits {
    var spent = spending
    spent.add(.pickleBytes, arena.pooledBytes)
    spent.add(.pickleNodes, arena.count)
    return spent.left(of: limits)
  }
}
