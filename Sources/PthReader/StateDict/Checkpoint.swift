public import SWTBytes

/// What a file held: its tensors, and everything that is needed to say what it was.
public struct Checkpoint: Sendable {
  /// The container forms that are told apart; the raw value is the name that `inspect --json` prints.
  public enum Container: String, Sendable {
    /// A zip archive with a pickle and one file for each storage: `torch.save` since PyTorch 1.6.
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
    /// Hugging Face's form: a JSON header and plain bytes.
    case safetensors
    /// Several files and a JSON index that says which holds which tensor.
    case sharded
    /// A pickle by itself.
    case pickle
    /// This project's own files, whose reader is not in this module.
    case swt
  }

  /// The form of the file, found out by its content.
  public let container: Container
  /// Bytes of the file; of all shards together when there are several.
  public internal(set) var byteCount: Int
  /// True when the file was compressed as a whole.
  public internal(set) var isGzipped = false
  /// Every tensor by its path, in the order of the file.
  public private(set) var tensors: [TensorEntry] = []
  /// Every class and function that the file names, in order of first mention.
  public private(set) var globals: [GlobalMention] = []
  /// What was met and left out.
  public private(set) var skipped: [SkippedEntry] = []
  /// Sparse tensors, whose parts are in ``tensors``.
  public private(set) var sparse: [SparseTensor] = []
  /// Text that the file says about itself: `__metadata__` of safetensors files.
  public internal(set) var metadata: [(key: String, value: String)] = []

  /// The storage that is the whole file, if one is: bare pickles keep their tensors' storages as such files.
  private(set) var rootStorage: TensorEntry?
  /// What reading cost: parts of one file share its limits.
  private(set) var spending = Spending()

  /// A name in a file, and what this reader makes of it.
  public struct GlobalMention: Sendable {
    /// Module and name, as the file spells them.
    public let name: GlobalName
    /// Offset of its first mention, counted from the start of its pickle's source.
    public let offset: Int
    /// True when the reader gives it a meaning.
    public let isKnown: Bool
  }

  /// A sparse tensor: the name that its parts have in common, and what they do not say.
  public struct SparseTensor: Sendable {
    /// What the names of the parts begin with.
    public let name: String
    /// Layout, shape and whether it is coalesced.
    public let description: SparseDescription
  }

  init(container: Container, byteCount: Int) {
    self.container = container
    self.byteCount = byteCount
  }

  /// Tensors that another reader found.
  package init(container: Container, byteCount: Int, tensors: [TensorEntry]) {
    self.init(container: container, byteCount: byteCount)
    self.tensors = tensors
  }

  /// Refuses a file that names something dangerous.
  ///
  /// Nothing was executed and nothing could be, but whoever loads such a file elsewhere is attacked.
  ///
  /// - Throws: ``/SWTBytes/ParseFailure`` with the place of the first dangerous name.
  public func requireHarmless() throws(ParseFailure) {
    for mention in globals where mention.name.isDangerous {
      throw ParseFailure(
        .unsupported("\(mention.name.qualified) is not a tensor constructor; nothing was executed"),
        at: mention.offset, in: ["pickle opcode 0x63 GLOBAL"],
        hint: "do not load this file with PyTorch: it would run that code")
    }
  }
}

// MARK: - Filling one

extension Checkpoint {
  /// Number for the next storage that no pickle names.
  var nextStorage: Int { tensors.count }

  /// Adds what a pickle holds, and gives back the provider with the storages that it made.
  @discardableResult
  mutating func add<Provider: StorageProvider>(
    _ pickle: Pickle, _ provider: Provider, limits: ParseLimits, nesting: Int, prefix: [PathComponent] = []
  ) throws(ParseFailure) -> Provider {
    mention(pickle)
    spending.add(.pickleNodes, pickle.arena.count)
    spending.add(.pickleBytes, pickle.arena.pooledBytes)
    let (found, provider) = try StateDictWalk.collect(
      pickle, provider: provider, limits: spending.left(of: limits), nesting: nesting, prefix: prefix)
    tensors += found.tensors
    skipped += found.skipped
    sparse += found.sparse.map { SparseTensor(name: $0.name, description: $0.description) }
    if prefix.isEmpty { rootStorage = found.rootStorage }
    spending.add(found.spending)
    return provider
  }

  /// Notes every class and function that a pickle names.
  mutating func mention(_ pickle: Pickle) {
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
    tensor.name = path.map(\.description).joined(separator: ".")
    spending.add(.pathBytes, PathCost.of(tensor.name, path.count))
    if spending.left(of: limits)[.pathBytes] == 0 {
      throw ParseLimits.failure(.pathBytes, limits[.pathBytes], limits[.pathBytes])
    }
    tensors.append(tensor)
  }

  /// Adds all of another file, under a path.
  mutating func add(
    _ other: Checkpoint, prefix: [PathComponent], limits: ParseLimits
  ) throws(ParseFailure) {
    let front = prefix.map { $0.description + "." }.joined()
    for tensor in other.tensors { try add(tensor, path: prefix + tensor.path, limits: limits) }
    var known = Set(globals.map(\.name))
    globals += other.globals.filter { known.insert($0.name).inserted }
    skipped += other.skipped.map { SkippedEntry(path: front + $0.path, reason: $0.reason) }
    sparse += other.sparse.map { SparseTensor(name: front + $0.name, description: $0.description) }
    spending.add(other.spending)
  }

  /// Leaves out the tensors that do not satisfy `isKept`.
  mutating func keep(_ isKept: (TensorEntry) -> Bool) { tensors = tensors.filter(isKept) }

  mutating func skip(_ path: String, _ reason: String) {
    skipped.append(SkippedEntry(path: path, reason: reason))
  }
}

/// What a name and its path take in memory, about.
enum PathCost {
  static func of(_ name: String, _ components: Int) -> Int { name.utf8.count + 32 * components + 64 }
}
