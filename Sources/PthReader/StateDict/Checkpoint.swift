public import SWTBytes
package import SWTTensors

/// The contents of a file: its tensors, and everything needed to describe it.
public struct Checkpoint: Sendable {
  /// The container formats; the raw value is the name in the output of `inspect --json`.
  public enum Container: String, Sendable {
    /// A zip archive with a pickle and one record per storage: `torch.save` since PyTorch 1.6.
    case zip
    /// Several pickles and the storages in one stream: `torch.save` before 1.6.
    case legacy
    /// A tar archive: `torch.save` before 0.1.10.
    case tar
    /// A zip archive with code: `torch.jit.save`.
    case torchscript
    /// A zip archive with Python modules: `torch.package`.
    case package
    /// A zip archive with a graph: `torch.export.save`.
    case pt2
    /// The Hugging Face format: a JSON header and plain data.
    case safetensors
    /// Several files and a JSON index of the tensors in each, or shards of each tensor in several files.
    case sharded
    /// A folder with a table of chunks: `torch.distributed.checkpoint`; or the files of all ranks of a run.
    case distributed
    /// The folder that an archive was unpacked to.
    case unpacked
    /// A pickle without a container.
    case pickle
    /// This project's own weight files, which other modules read.
    case swt
  }

  /// The format of the file, recognized by content.
  public let container: Container
  /// Size of the file in bytes; if sharded, of the index and all shards.
  public internal(set) var byteCount: Int
  /// Whether the file was compressed as a whole.
  public internal(set) var isGzipped = false
  /// Every tensor with its path, in file order.
  public private(set) var tensors: [TensorEntry] = []
  /// Every class and function that the file names, in order of first mention.
  public private(set) var globals: [GlobalMention] = []
  /// What was found but left out.
  public private(set) var skipped: [SkippedEntry] = []
  /// Sparse tensors, whose parts are in ``tensors``.
  public private(set) var sparse: [SparseTensor] = []
  /// Types of tensors whose values are in their attributes alone, such as torchao's, by name.
  package private(set) var subclassTypes: [ExactString: ScalarType] = [:]
  /// Modules that the file describes besides their tensors: those of a module saved whole, of TorchScript,
  /// and of
  /// a `.pt2` archive's graph.
  package internal(set) var modules: [ModuleRecord] = []
  /// Plain values of argument records, such as `args.dilation` and `hyper_parameters.arch`, by path.
  package private(set) var arguments: [(path: String, value: ModuleValue)] = []
  /// The file's text metadata: `__metadata__` of safetensors files.
  public internal(set) var metadata: [(key: String, value: String)] = []

  /// Tensors that the file has only parts of.
  public private(set) var partial: [PartialTensor] = []
  /// What to do about ``partial``, if the form of the file tells.
  var partialHint: String?
  /// Whether a pickle calls a function that is defined in it.
  private var callsCode = false
  /// Whether the file defines Python functions or classes, as cloudpickle and dill store them: a program that
  /// loads it would run them.
  public var hasCode: Bool {
    globals.contains { $0.name.makesCode && ["cloudpickle", "dill"].contains($0.name.root) }
  }
  /// The storage that is the whole file, if any: pickles without a container have tensor storages as such
  /// nested files.
  private(set) var rootStorage: TensorEntry?
  /// Classes of ``modules`` as the file spells them.
  private(set) var moduleTypes: [String] = []
  /// Resources used so far, which all parts of one file share.
  private(set) var spending = Spending()

  /// A name in the file.
  public struct GlobalMention: Sendable {
    /// Module and name, as spelled in the file.
    public let name: GlobalName
    /// Offset of its first mention, counted from the start of its pickle's source.
    public let offset: Int
    /// Whether the reader interprets it.
    public let isKnown: Bool
  }

  /// A sparse tensor: the common name of its parts, and what they do not say.
  public struct SparseTensor: Sendable {
    /// The prefix of the names of the parts.
    public let name: String
    /// Layout, shape and whether it is coalesced.
    public let description: SparseDescription
  }

  init(container: Container, byteCount: Int) {
    self.container = container
    self.byteCount = byteCount
  }

  /// Creates a checkpoint of tensors from another reader.
  package init(container: Container, byteCount: Int, tensors: [TensorEntry]) {
    self.init(container: container, byteCount: byteCount)
    self.tensors = tensors
  }

  /// Refuses a file that names a dangerous function.
  ///
  /// Nothing was executed here, but programs that load such a file may be attacked. Classes and functions that
  /// are only defined in the file are inert: see ``hasCode``.
  ///
  /// - Throws: ``/SWTBytes/ParseFailure`` at the first dangerous name.
  public func requireHarmless() throws(ParseFailure) {
    let isTolerated = hasCode && !callsCode
    for mention in globals where mention.name.isDangerous && !(isTolerated && mention.name.makesCode) {
      throw ParseFailure(
        .unsupported("\(mention.name.qualified) is not a tensor constructor; nothing was executed"),
        at: mention.offset, in: ["pickle opcode 0x63 GLOBAL"],
        hint: "do not load this file with PyTorch: it would run that code")
    }
  }
}

// MARK: - Filling one

extension Checkpoint {
  /// ID for the next storage that no pickle names.
  var nextStorage: Int { tensors.count }

  /// Makes room for that many tensors at once.
  mutating func reserve(_ count: Int) { tensors.reserveCapacity(count) }

  /// Adds the contents of a pickle, and returns the provider with the storages that it created.
  @discardableResult
  mutating func add<Provider: StorageProvider>(
    _ pickle: Pickle, _ provider: Provider, limits: ParseLimits, nesting: Int, prefix: [PathComponent] = []
  ) throws(ParseFailure) -> Provider {
    mention(pickle)
    spending.add(.pickleNodes, pickle.arena.count)
    spending.add(.pickleBytes, pickle.arena.pooledBytes)
    let (found, provider) = try StateDictWalk.collect(
      pickle, provider: provider, limits: spending.left(of: limits), nesting: nesting, prefix: prefix)
    if tensors.isEmpty { tensors = found.tensors } else { tensors += found.tensors }
    skipped += found.skipped
    partial += found.partial
    subclassTypes.merge(found.subclassTypes) { first, _ in first }
    sparse += found.sparse.map { SparseTensor(name: $0.name, description: $0.description) }
    if prefix.isEmpty {
      rootStorage = found.rootStorage
      modules += found.modules
      moduleTypes += found.moduleTypes
      arguments += found.arguments
    }
    spending.add(found.spending)
    return provider
  }

  /// Records every class and function that a pickle names.
  mutating func mention(_ pickle: Pickle) {
    defer { if hasCode, !callsCode { callsCode = PickledCode.isCalled(in: pickle.arena) } }
    var known = Set(globals.map(\.name))
    for (name, offset) in pickle.globals where known.insert(name).inserted {
      globals.append(GlobalMention(name: name, offset: offset, isKnown: TorchTypes.isKnown(name)))
    }
  }

  /// Adds a tensor that no pickle describes.
  mutating func add(
    _ tensor: TensorEntry, path: [PathComponent], limits: ParseLimits
  ) throws(ParseFailure) {
    try limits.check(.tensors, tensors.count + 1)
    var tensor = tensor
    tensor.path = path
    // A name that is its own path shares its memory.
    if path.count == 1, case .key(let key) = path[0] {
      tensor.name = key
    } else {
      tensor.name = path.map(\.description).joined(separator: ".")
    }
    let cost = PathCost.of(tensor.name, path.count)
    let left = spending.left(of: limits)[.pathBytes]
    guard UInt64(cost) <= left else {
      let spent = limits[.pathBytes] - left
      throw ParseLimits.failure(.pathBytes, spent + UInt64(cost), limits[.pathBytes])
    }
    spending.add(.pathBytes, cost)
    tensors.append(tensor)
  }

  /// Adds all contents of another file, under a path.
  mutating func add(
    _ other: Checkpoint, prefix: [PathComponent], limits: ParseLimits
  ) throws(ParseFailure) {
    let front = prefix.map { $0.description + "." }.joined()
    for tensor in other.tensors { try add(tensor, path: prefix + tensor.path, limits: limits) }
    var known = Set(globals.map(\.name))
    globals += other.globals.filter { known.insert($0.name).inserted }
    skipped += other.skipped.map { SkippedEntry(path: front + $0.path, reason: $0.reason) }
    callsCode = callsCode || other.callsCode
    partial += other.partial.map { part in
      var part = part
      part.name = front + part.name
      part.path = prefix + part.path
      return part
    }
    sparse += other.sparse.map { SparseTensor(name: front + $0.name, description: $0.description) }
    // The names were paid for above, with their new paths.
    spending.add(other.spending.without(.pathBytes))
  }

  /// Removes the tensors that do not satisfy `isKept`.
  mutating func keep(_ isKept: (TensorEntry) -> Bool) { tensors = tensors.filter(isKept) }

  /// Records a part of a tensor, which is also listed as left out.
  mutating func add(_ part: PartialTensor) {
    partial.append(part)
    skip(part.name, part.reason)
  }

  /// Forgets the parts of tensors, which were assembled.
  mutating func forgetParts() {
    let reasons = Set(partial.map { SkippedEntry(path: $0.name, reason: $0.reason) })
    skipped.removeAll { reasons.contains($0) }
    partial = []
  }

  mutating func skip(_ path: String, _ reason: String) {
    skipped.append(SkippedEntry(path: path, reason: reason))
  }
}

/// Approximate memory of a name and its path.
enum PathCost {
  static func of(_ name: String, _ components: Int) -> Int { name.utf8.count + 32 * components + 64 }
}
