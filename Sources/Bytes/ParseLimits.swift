/// Bounds on what a file may make a reader do.
///
/// Each has a reason; each can be changed by name (`--limit pickle-bytes=1000000`).
public struct ParseLimits: Sendable {
  /// The name of a limit, as it is spelled on the command line and in errors.
  public enum Name: String, CaseIterable, Sendable {
    /// Bytes of one pickle program. Real ones stay below 10 MB; a program is also copied into an arena.
    case pickleBytes = "pickle-bytes"
    /// Objects one pickle may make. A real state dict needs about 20 for each tensor.
    case pickleNodes = "pickle-nodes"
    /// Nesting of values: keeps every later walk off the machine's stack.
    case depth
    /// Files inside the strings of files.
    case nesting
    /// Steps of the walk that finds tensors: bounds trees that share branches a billion times.
    case walkSteps = "walk-steps"
    /// Tensors in one file.
    case tensors
    /// Entries in a zip archive.
    case entries
    /// Bytes that one deflated entry may expand to.
    case inflatedBytes = "inflated-bytes"
    /// Bytes of one tensor's logical values that may be hashed or written; 0 means max(64 MiB, 16 × stored).
    case hashBytes = "hash-bytes"
    /// Dimensions of a tensor.
    case rank
  }

  private var values: [Name: UInt64] = [
    .pickleBytes: 256 << 20,
    .pickleNodes: 4_000_000,
    .depth: 500,
    .nesting: 8,
    .walkSteps: 10_000_000,
    .tensors: 1_000_000,
    .entries: 1_000_000,
    .inflatedBytes: 16 << 30,
    .hashBytes: 0,
    .rank: 64,
  ]

  public init() {}

  /// The bound with that name.
  public subscript(_ name: Name) -> UInt64 {
    get { values[name] ?? 0 }
    set { values[name] = newValue }
  }

  /// Throws ``ParseFailure/Reason/limit(_:value:maximum:)`` when `value` is above the bound.
  public func check(_ name: Name, _ value: some BinaryInteger, at offset: Int? = nil) throws(ParseFailure) {
    let maximum = self[name]
    guard value <= maximum else {
      throw ParseFailure(
        .limit(name, value: UInt64(clamping: value), maximum: maximum), at: offset,
        hint: "if the file is trusted, raise it with --limit \(name.rawValue)=N")
    }
  }
}
