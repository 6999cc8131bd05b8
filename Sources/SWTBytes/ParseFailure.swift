/// Why a file was rejected, and the offset of the byte at fault.
///
/// Two failures are equal if they have the same ``reason`` and ``offset``; ``context`` and ``hint`` are for
/// people and may be reworded.
public struct ParseFailure: Error, Equatable, Sendable {
  /// The reasons for which the parsers of this package reject input.
  public enum Reason: Equatable, Sendable {
    /// A read needed more bytes than its window contains.
    case truncated(needed: Int, available: Int)
    /// A field has a value that the format forbids.
    case invalid(String)
    /// A count, size or offset overflows or does not fit the machine's integers.
    case overflow(String)
    /// A declared quantity exceeds a ``ParseLimits`` bound.
    case limit(ParseLimits.Name, value: UInt64, maximum: UInt64)
    /// Well-formed, but not supported by this package.
    case unsupported(String)
    /// A checksum does not match: bytes were changed.
    case checksum(String)
    /// The system refused a read: the name of the call, and `errno`.
    case system(SystemFailure)
  }

  /// What is wrong.
  public var reason: Reason
  /// Offset in bytes from the start of the file (not of the current window), if known.
  public var offset: Int?
  /// What was being read, outermost first: `["data.pkl", "pickle opcode GLOBAL"]`.
  public var context: [String]
  /// What the user can do about it.
  public var hint: String?

  /// Creates a failure at an offset in bytes from the start of the file, or without an offset.
  public init(_ reason: Reason, at offset: Int? = nil, in context: [String] = [], hint: String? = nil) {
    self.reason = reason
    self.offset = offset
    self.context = context
    self.hint = hint
  }

  public static func == (a: Self, b: Self) -> Bool {
    a.reason == b.reason && a.offset == b.offset
  }

  /// The same failure with one more level of context around it.
  public func inside(_ outer: String) -> ParseFailure {
    var copy = self
    copy.context.insert(outer, at: 0)
    return copy
  }
}

extension ParseFailure.Reason: CustomStringConvertible {
  public var description: String {
    switch self {
    case .truncated(let needed, let available):
      "truncated: needs \(needed) bytes, \(available) remain"
    case .invalid(let what), .unsupported(let what), .checksum(let what):
      what
    case .overflow(let field):
      "\(field) overflows"
    case .limit(let name, let value, let maximum):
      "\(name.rawValue) is \(value); the limit is \(maximum)"
    case .system(let failure):
      "\(failure)"
    }
  }
}

extension ParseFailure: CustomStringConvertible {
  /// For example: `data.pkl: pickle opcode 0x63 GLOBAL at byte 812: posix.system is not a tensor
  /// constructor`.
  public var description: String {
    var place = context.joined(separator: ": ")
    if let offset { place += place.isEmpty ? "at byte \(offset)" : " at byte \(offset)" }
    return place.isEmpty ? "\(reason)" : "\(place): \(reason)"
  }
}
