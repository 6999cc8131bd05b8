/// Limits on the resources that a file may make a reader use.
///
/// Each can be changed by its name. Most defaults follow the size of the file: a checkpoint of a megabyte has
/// no honest use for a gigabyte of memory, while one of a gigabyte may.
public struct ParseLimits: Sendable {
  /// The name of a limit, as spelled in errors and on the command line.
  public enum Name: String, CaseIterable, Sendable {
    /// Bytes of a pickle that are kept in memory; strings of at least 64 KiB stay in the file and do not
    /// count. Default: 8 × the file, between 8 MiB and 256 MiB.
    case pickleBytes = "pickle-bytes"
    /// Objects that one pickle may create. Default: one per byte of the file, between 262,144 and 16 million.
    case pickleNodes = "pickle-nodes"
    /// Distinct classes and functions that one pickle may name.
    case globals
    /// Nesting of values: keeps recursion within the stack.
    case depth
    /// Files nested in byte strings of other files.
    case nesting
    /// Steps of the traversal that finds tensors: bounds trees that share branches a billion times. Default:
    /// one per byte of the file, between 1 and 16 million.
    case walkSteps = "walk-steps"
    /// Tensors in one file. Default: one per 64 bytes, between 16,384 and 1 million.
    case tensors
    /// Bytes of a name or key.
    case nameBytes = "name-bytes"
    /// Bytes of all names and paths together. Default: 8 × the file, between 16 MiB and 4 GiB.
    case pathBytes = "path-bytes"
    /// Entries in a zip or tar archive.
    case entries
    /// Bytes of a JSON document, such as an index of shards. Default: 8 × the file, between 1 MiB and 100 MB.
    case jsonBytes = "json-bytes"
    /// Bytes that a compressed entry or file may inflate to. Default: 64 × the file, between 256 MiB and 64
    /// GiB.
    case inflatedBytes = "inflated-bytes"
    /// Bytes of one tensor's logical values that may be hashed or written. Default: 16 × the bytes stored for
    /// it, at least 64 MiB.
    case hashBytes = "hash-bytes"
    /// Bytes of all tensors' logical values together. Default: 16 × the file, at least 1 GiB.
    case totalBytes = "total-bytes"
    /// Dimensions of a tensor.
    case rank
    /// Numbers that a golden makes a network compute and keep: its input and the outputs of all stages. Default:
    /// 16 × the bytes of its stored input, at least 134 million.
    case goldenActivations = "golden-activations"
    /// Multiply-adds that a golden makes a network compute. Default: 1 million × the bytes of its stored input, at
    /// least 2 trillion.
    case goldenMultiplyAdds = "golden-multiply-adds"
  }

  private var chosen: [Name: UInt64] = [:]
  /// Size of the file that the defaults follow.
  private var fileBytes: UInt64 = 1 << 32

  /// The defaults; most follow the size of the file.
  public init() {}

  /// The same limits, with the defaults for a file of this size.
  package func scaled(toFile byteCount: Int) -> ParseLimits {
    var copy = self
    copy.fileBytes = UInt64(clamping: byteCount)
    return copy
  }

  /// The limit with that name; assigning one overrides its default.
  public subscript(_ name: Name) -> UInt64 {
    get { chosen.isEmpty ? automatic(name) : chosen[name] ?? automatic(name) }
    set { chosen[name] = newValue }
  }

  /// Whether the limit was assigned.
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
    case .goldenActivations: follow(16, from: 1 << 27, to: 1 << 36)
    case .goldenMultiplyAdds: follow(1 << 20, from: 1 << 41, to: 1 << 56)
    }
  }

  /// Throws if a value exceeds a limit.
  ///
  /// - Throws: ``ParseFailure`` with ``ParseFailure/Reason/limit(_:value:maximum:)``, at `offset`.
  public func check(_ name: Name, _ value: some BinaryInteger, at offset: Int? = nil) throws(ParseFailure) {
    let maximum = self[name]
    guard value <= maximum else { throw Self.failure(name, value, maximum, at: offset) }
  }

  /// The same for the type of most counts: other modules would call the generic one without specialization.
  package func check(_ name: Name, _ value: Int, at offset: Int? = nil) throws(ParseFailure) {
    let maximum = self[name]
    guard value < 0 || UInt64(value) <= maximum else { throw Self.failure(name, value, maximum, at: offset) }
  }

  /// The error for a value above a limit.
  package static func failure(
    _ name: Name, _ value: some BinaryInteger, _ maximum: UInt64, at offset: Int? = nil
  ) -> ParseFailure {
    ParseFailure(
      .limit(name, value: UInt64(clamping: value), maximum: maximum), at: offset,
      hint: "if the file is trusted, raise the limit")
  }
}
