/// Bounds on what a file may make a reader do.
///
/// Each has a reason, and each can be changed by name (`--limit pickle-bytes=1000000`). Most follow the size of
/// the file: a checkpoint of a megabyte has no honest use for a gigabyte of memory, one of a gigabyte may have.
public struct ParseLimits: Sendable {
  /// The name of a limit, as it is spelled on the command line and in errors.
  public enum Name: String, CaseIterable, Sendable {
    /// Bytes of one pickle that are kept in memory; strings from 64 KiB on stay in the file and do not count.
    /// Automatic: 8 × the file, from 8 MiB to 256 MiB.
    case pickleBytes = "pickle-bytes"
    /// Objects one pickle may make. Automatic: one for each byte of the file, from 262,144 to 16 million.
    case pickleNodes = "pickle-nodes"
    /// Different classes and functions that one pickle may name.
    case globals
    /// Nesting of values: keeps every walk off the machine's stack.
    case depth
    /// Files inside the strings of files.
    case nesting
    /// Steps of the walk that finds tensors: bounds trees that share branches a billion times.
    /// Automatic: one for each byte of the file, from 1 to 16 million.
    case walkSteps = "walk-steps"
    /// Tensors in one file. Automatic: one for each 64 bytes, from 16,384 to 1 million.
    case tensors
    /// Bytes of a name or of a key.
    case nameBytes = "name-bytes"
    /// Bytes of all names and paths together. Automatic: 8 × the file, from 16 MiB to 4 GiB.
    case pathBytes = "path-bytes"
    /// Entries in a zip or tar archive.
    case entries
    /// Bytes of a JSON document: an index of shards, a list of weights. Automatic: 8 × the file, from 1 MiB to
    /// 100 MB.
    case jsonBytes = "json-bytes"
    /// Bytes that a compressed entry or file may expand to. Automatic: 64 × the file, from 256 MiB to 64 GiB.
    case inflatedBytes = "inflated-bytes"
    /// Bytes of one tensor's logical values that may be hashed or written.
    /// Automatic: max(64 MiB, 16 × the bytes that are stored for it).
    case hashBytes = "hash-bytes"
    /// Bytes of all tensors' logical values together. Automatic: max(1 GiB, 16 × the file).
    case totalBytes = "total-bytes"
    /// Dimensions of a tensor.
    case rank
  }

  private var chosen: [Name: UInt64] = [:]
  /// Size of the file that the automatic limits follow.
  private var fileBytes: UInt64 = 1 << 32

  /// The defaults; most follow the size of the file that is read.
  public init() {}

  /// The same limits, with the automatic ones for a file of that size.
  package func scaled(toFile byteCount: Int) -> ParseLimits {
    var copy = self
    copy.fileBytes = UInt64(clamping: byteCount)
    return copy
  }

  /// The bound with that name; assigning makes it the user's choice, which no file changes.
  public subscript(_ name: Name) -> UInt64 {
    get { chosen[name] ?? automatic(name) }
    set { chosen[name] = newValue }
  }

  /// True when the bound was assigned.
  package func isChosen(_ name: Name) -> Bool { chosen[name] != nil }

  private func automatic(_ name: Name) -> UInt64 {
    func follow(_ factor: UInt64, _ divisor: UInt64 = 1, from least: UInt64, to most: UInt64) -> UInt64 {
      let (product, overflow) = (fileBytes / divisor).multipliedReportingOverflow(by: factor)
      return overflow ? most : min(max(product, least), most)
    }
    return switch name {
    case .pickleBytes: follow(8, from: 8 << 20, to: 256 << 20)
    case .pickleNodes: follow(1, from: 1 << 18, to: 16 << 20)
    case .globals: 10_000
    case .depth: 500
    case .nesting: 8
    case .walkSteps: follow(1, from: 1 << 20, to: 16 << 20)
    case .tensors: follow(1, 64, from: 1 << 14, to: 1_000_000)
    case .nameBytes: 1 << 16
    case .pathBytes: follow(8, from: 16 << 20, to: 4 << 30)
    case .entries: 1_000_000
    case .jsonBytes: follow(8, from: 1 << 20, to: 100_000_000)
    case .inflatedBytes: follow(64, from: 256 << 20, to: 64 << 30)
    case .hashBytes: 64 << 20
    case .totalBytes: follow(16, from: 1 << 30, to: 1 << 50)
    case .rank: 64
    }
  }

  /// Refuses a value above the bound.
  ///
  /// - Throws: ``ParseFailure`` with ``ParseFailure/Reason/limit(_:value:maximum:)``, at `offset`.
  public func check(_ name: Name, _ value: some BinaryInteger, at offset: Int? = nil) throws(ParseFailure) {
    let maximum = self[name]
    guard value <= maximum else { throw Self.failure(name, value, maximum, at: offset) }
  }

  /// The error for a value above a bound.
  package static func failure(
    _ name: Name, _ value: some BinaryInteger, _ maximum: UInt64, at offset: Int? = nil
  ) -> ParseFailure {
    ParseFailure(
      .limit(name, value: UInt64(clamping: value), maximum: maximum), at: offset,
      hint: "if the file is trusted, raise it with --limit \(name.rawValue)=N")
  }
}
