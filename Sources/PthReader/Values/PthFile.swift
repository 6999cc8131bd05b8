public import SWTBytes
internal import SWTTensorFiles
internal import SWTTensors
internal import Synchronization

/// An opened checkpoint, and the only way to the values of its tensors.
///
/// ```swift
/// import PthReader
///
/// let file = try PthFile(path: "model.pth")
/// let weight = try file.floats("fc.weight")     // [Float], row-major
/// ```
///
/// Whoever reads values goes through this object, so the same rules hold for all: the file must name nothing dangerous,
/// all values together stay within one budget in which each storage counts once, and the checksum that the container
/// states for a storage is compared once, before or while its first value is handed out. Tensor bytes stay in the file
/// until they are asked for. Any number of threads may read.
public final class PthFile: Sendable {
  /// The path that was opened; the name that errors bear.
  public let path: String
  /// What the file holds besides values: its tensors with their names, types and shapes, and all that it says about
  /// itself.
  public let checkpoint: Checkpoint
  /// Bounds on what the file may ask for, with the automatic ones scaled to its size.
  package let limits: ParseLimits
  private let budget: Mutex<ValueBudget>
  private let checks = StorageChecks()
  private let places: [ExactString: Int]

  /// Opens any readable checkpoint, recognized by its content; the index of a sharded one with the shards beside it.
  ///
  /// - Throws: ``/SWTBytes/ParseFailure`` when the file cannot be read, is not a checkpoint, is damaged, asks for more
  ///   than `limits` allow, or names something that would run code elsewhere.
  public convenience init(path: String, limits: ParseLimits = ParseLimits()) throws(ParseFailure) {
    try self.init(path: path, limits: limits, allowsDangerous: false)
  }

  /// The same; with `allowsDangerous` also for a file that names something dangerous, so that it can be looked into.
  package convenience init(
    path: String, limits: ParseLimits, allowsDangerous: Bool
  ) throws(ParseFailure) {
    try self.init(
      try CheckpointReader.open(path: path, limits: limits), path: path, limits: limits,
      allowsDangerous: allowsDangerous)
  }

  /// A checkpoint in any source of bytes; `path` is the name that errors bear.
  package convenience init(
    _ source: any ByteSource, path: String, limits: ParseLimits = ParseLimits(), allowsDangerous: Bool = false
  ) throws(ParseFailure) {
    try self.init(
      try CheckpointReader.read(source, limits: limits), path: path, limits: limits,
      allowsDangerous: allowsDangerous)
  }

  /// Tensors that another reader found, such as those of a weight file.
  package init(
    _ checkpoint: Checkpoint, path: String, limits: ParseLimits, allowsDangerous: Bool = false
  ) throws(ParseFailure) {
    if !allowsDangerous { try checkpoint.requireHarmless() }
    self.path = path
    self.checkpoint = checkpoint
    self.limits = limits.scaled(toFile: checkpoint.byteCount)
    budget = Mutex(ValueBudget(self.limits))
    places = Dictionary(
      checkpoint.tensors.enumerated().map { (ExactString($1.name), $0) },
      uniquingKeysWith: { first, _ in first })
  }

  /// Every tensor, in the order of the file.
  public var tensors: [TensorEntry] { checkpoint.tensors }

  /// The tensor with that name, compared byte by byte; nil when there is none.
  public subscript(name: String) -> TensorEntry? { places[ExactString(name)].map { checkpoint.tensors[$0] } }

  /// Makes sure that there is a tensor with that name.
  func tensor(named name: String) throws(ParseFailure) -> TensorEntry {
    guard let tensor = self[name] else { throw ParseFailure(.invalid("it holds no tensor '\(name)'")) }
    return tensor
  }

  /// Counts a tensor's values against the file's budget; one that was counted before costs nothing.
  ///
  /// - Throws: ``/SWTBytes/ParseFailure`` `.limit` when they are more than the file may make a reader expand.
  package func admit(_ tensor: TensorEntry) throws(ParseFailure) {
    if let excess = budget.withLock({ $0.refuse(tensor, limits: limits) }) { throw excess }
  }

  /// The values of a tensor, window by window: contiguous, row-major, little-endian, conj and neg bits applied.
  ///
  /// - Parameters:
  ///   - tensor: One of this file, or one that was made for it.
  ///   - windowBytes: Bytes of all windows but the last, rounded down to whole elements; at most 4 MiB.
  /// - Throws: ``/SWTBytes/ParseFailure`` when the file holds no values or too many, or is damaged.
  package func reader(
    of tensor: TensorEntry, windowBytes: Int = TensorWindows.windowBytes
  ) throws(ParseFailure) -> TensorReader {
    try admit(tensor)
    let windows = try TensorWindows(tensor, limits: limits, pieceBytes: windowBytes)
    return TensorReader(windows, check: try checks.begin(tensor, windows))
  }

  /// The first values of a tensor, without a look at its checksum: to tell tensors apart, not to store them.
  package func sample(of tensor: TensorEntry, windowBytes: Int) throws(ParseFailure) -> TensorReader {
    try admit(tensor)
    return TensorReader(
      try TensorWindows(tensor, limits: limits, pieceBytes: windowBytes, maps: false), check: nil)
  }

  /// Compares the bytes that a tensor lies in with the checksum that the container states, whether that was done before
  /// or not: what to blame when its values make no sense.
  ///
  /// - Throws: ``/SWTBytes/ParseFailure`` `.checksum` when they differ.
  package func requireChecksum(of tensor: TensorEntry) throws(ParseFailure) {
    try tensor.storage.requireChecksum()
  }
}
