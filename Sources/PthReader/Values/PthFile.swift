public import SWTBytes
internal import SWTTensorFiles
internal import SWTTensors
internal import Synchronization

/// An open checkpoint, and the only way to read the values of its tensors.
///
/// ```swift
/// import PthReader
///
/// let file = try PthFile(path: "model.pth")
/// let weight = try file.floats("fc.weight")     // [Float], row-major
/// ```
///
/// All values are read through this object, so the same rules apply everywhere: the file must not name
/// dangerous functions; all values together stay within one budget, in which each storage counts once; and
/// each storage's checksum in the container is compared once, before or while its first values are read.
/// Tensor data stays in the file until it is requested. Any number of threads may read. Values of a checkpoint of
/// several files are an error once one of them was changed, moved or replaced after the opening.
public final class PthFile: Sendable {
  /// The path, used in errors.
  public let path: String
  /// Everything in the file except values: its tensors with names, types and shapes, and its metadata.
  public let checkpoint: Checkpoint
  /// Limits on the resources that the file may use; the defaults follow its size.
  package let limits: ParseLimits
  private let budget: Mutex<ValueBudget>
  private let checks = StorageChecks()
  private let places: [ExactString: Int]
  private let watched: WatchedFiles
  /// Tensors read to their end, to decide when to look at the files again.
  private let readCount = Atomic(0)

  /// Opens a checkpoint in any readable format, recognized by content; an index of shards, or the folder with
  /// it, together with its shards.
  ///
  /// - Throws: ``/SWTBytes/ParseFailure`` if the file cannot be read, is not a checkpoint, is damaged, needs
  ///   more than `limits` allow, or names functions that would run code when loaded elsewhere.
  public convenience init(path: String, limits: ParseLimits = ParseLimits()) throws(ParseFailure) {
    try self.init(path: path, limits: limits, allowsDangerous: false)
  }

  /// The same; with `allowsDangerous` a file that names dangerous functions, or has only parts of tensors, can
  /// be inspected.
  package convenience init(
    path: String, limits: ParseLimits, allowsDangerous: Bool
  ) throws(ParseFailure) {
    let watched = CheckpointReader.watch(path)
    try self.init(
      try CheckpointReader.open(path: path, limits: limits), path: path, limits: limits,
      allowsDangerous: allowsDangerous, watched: watched)
    if watched.count > 1 { try requireUnchanged() }
  }

  /// A checkpoint in any source of bytes; `path` is used in errors.
  package convenience init(
    _ source: any ByteSource, path: String, limits: ParseLimits = ParseLimits(), allowsDangerous: Bool = false
  ) throws(ParseFailure) {
    try self.init(
      try CheckpointReader.read(source, limits: limits), path: path, limits: limits,
      allowsDangerous: allowsDangerous)
  }

  /// Creates a file from the tensors of another reader, such as those of a weight file.
  package init(
    _ checkpoint: Checkpoint, path: String, limits: ParseLimits, allowsDangerous: Bool = false,
    watched: WatchedFiles = WatchedFiles()
  ) throws(ParseFailure) {
    if !allowsDangerous {
      try checkpoint.requireHarmless()
      try checkpoint.requireWhole()
    }
    self.path = path
    self.checkpoint = checkpoint
    self.watched = watched
    self.limits = limits.scaled(toFile: checkpoint.byteCount)
    budget = Mutex(ValueBudget(self.limits, tensorCount: checkpoint.tensors.count))
    var places: [ExactString: Int] = [:]
    places.reserveCapacity(checkpoint.tensors.count)
    for index in checkpoint.tensors.indices.reversed() {
      // Of equal names, the first stays.
      places[ExactString(checkpoint.tensors[index].name)] = index
    }
    self.places = places
  }

  /// Every tensor, in file order.
  public var tensors: [TensorEntry] { checkpoint.tensors }

  /// The tensor with that name, compared byte by byte; nil if there is none.
  public subscript(name: String) -> TensorEntry? { places[ExactString(name)].map { checkpoint.tensors[$0] } }

  /// Index in ``tensors`` of the tensor with that name, compared byte by byte; nil if there is none.
  public func index(of name: String) -> Int? { places[ExactString(name)] }

  /// The tensor with that name; throws if there is none.
  func tensor(named name: String) throws(ParseFailure) -> TensorEntry {
    guard let tensor = self[name] else { throw ParseFailure(.invalid("the file has no tensor '\(name)'")) }
    return tensor
  }

  /// Charges a tensor's values to the file's budget, unless that was done before.
  ///
  /// - Throws: ``/SWTBytes/ParseFailure`` `.limit` if the budget is exceeded.
  package func admit(_ tensor: TensorEntry) throws(ParseFailure) {
    var index = self.index(of: tensor.name)
    if let place = index, StorageView(checkpoint.tensors[place]) != StorageView(tensor) { index = nil }
    if let excess = budget.withLock({ $0.refuse(tensor, at: index, limits: limits) }) { throw excess }
  }

  /// Reads the values of a tensor window by window: contiguous, row-major, little-endian, with conj and neg
  /// bits applied.
  ///
  /// - Parameters:
  ///   - tensor: A tensor of this file, or one derived from it.
  ///   - windowBytes: Size in bytes of every window except the last, rounded down to whole elements; at most
  ///     4 MiB.
  /// - Throws: ``/SWTBytes/ParseFailure`` if the file has no values or too many, or is damaged.
  /// - Returns: A reader, to be called for each window.
  package func reader(
    of tensor: TensorEntry, windowBytes: Int = TensorWindows.windowBytes
  ) throws(ParseFailure) -> TensorReader {
    try admit(tensor)
    var windows = try TensorWindows(tensor, limits: limits, pieceBytes: windowBytes)
    let check = try checks.begin(tensor, &windows)
    return TensorReader(windows, check: check, watchedBy: watched.count > 1 ? self : nil)
  }

  /// Checks that every file of the checkpoint is still the one that was opened, with the same size and times;
  /// call after everything was read.
  ///
  /// - Throws: ``/SWTBytes/ParseFailure`` with the file's path if one was changed, moved or replaced.
  package func requireUnchanged() throws(ParseFailure) { try watched.requireUnchanged() }

  /// The same, after one tensor; the more files, the more rarely, because many tensors may be in many files.
  func finishedTensor() throws(ParseFailure) {
    let count = readCount.wrappingAdd(1, ordering: .relaxed).newValue
    if count.isMultiple(of: watched.count / 16 + 1) { try requireUnchanged() }
  }

  /// The number of a tensor's elements that can be read without opening more than one chunk.
  package static func leadingElements(of tensor: TensorEntry) -> Int {
    guard let source = tensor.storage.source as? AssembledSource else { return tensor.layout.elementCount }
    return source.leadingBytes / source.type.byteWidth
  }

  /// Reads the first values of a tensor without checking its checksum: enough to tell tensors apart, but not
  /// to store them.
  package func sample(of tensor: TensorEntry, windowBytes: Int) throws(ParseFailure) -> TensorReader {
    try admit(tensor)
    // The first chunk is enough: opening all would cost as much as reading them.
    let leading = (tensor.storage.source as? AssembledSource)?.leadingBytes ?? windowBytes
    return TensorReader(
      try TensorWindows(tensor, limits: limits, pieceBytes: min(windowBytes, leading), maps: false),
      check: nil)
  }

  /// Compares the storage of a tensor with the checksum in the container, even if that was done before: to
  /// find out why values make no sense.
  ///
  /// - Throws: ``/SWTBytes/ParseFailure`` `.checksum` if they differ.
  package func requireChecksum(of tensor: TensorEntry) throws(ParseFailure) {
    try tensor.storage.requireChecksum()
  }
}
