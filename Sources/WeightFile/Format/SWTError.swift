public import SWTBytes

/// Why a `.swt` file was rejected: the rule of the format that it breaks, and where.
///
/// Two errors are equal when rule and offset are; the rest is for people.
public struct SWTError: Error, Equatable, Sendable {
  /// The rules, one for each invariant of the format; the raw values are stable.
  public enum Rule: String, CaseIterable, Sendable {
    /// The system refused to open or map the file; see ``SWTError/cause``.
    case unreadable
    // Header.
    case magic, version, truncated
    case trailingBytes = "trailing-bytes"
    case headerSize = "header-size"
    case alignment
    case dataOffset = "data-offset"
    case requiredFeature = "required-feature"
    case headerChecksum = "header-checksum"
    /// A field that must be zero is not.
    case reserved
    /// A size that this reader does not take, although the format could express it.
    case limit
    // Section table.
    case sectionCount = "section-count"
    case sectionKind = "section-kind"
    case sectionTwice = "section-twice"
    case sectionFlags = "section-flags"
    case sectionPlace = "section-place"
    case sectionSize = "section-size"
    case sectionMissing = "section-missing"
    case unknownCriticalSection = "unknown-critical-section"
    case sectionChecksum = "section-checksum"
    /// Padding that is not zero.
    case padding
    // Tensor records.
    case name, dtype, rank, dimensions, overflow
    case dataLength = "data-length"
    case dataBounds = "data-bounds"
    case dataPlace = "data-place"
    case dimOrder = "dim-order"
    case role, flags, link
    case alias
    case fileEnd = "file-end"
    case nameOrder = "name-order"
    // Other sections.
    case metadata
    case quantization
    case sourceDigest = "source-digest"
    case golden
    case receipt
    // Contents.
    case dataChecksum = "data-checksum"
    case dataDigest = "data-digest"
    case digestMissing = "digest-missing"
    case utf8
    /// There is no tensor with that name or index.
    case noSuchTensor = "no-such-tensor"
  }

  public var rule: Rule
  /// Offset in bytes from the start of the file, where it is known.
  public var offset: Int?
  /// What was read and what was expected.
  public var detail: String
  /// The failure behind ``Rule/unreadable``.
  public var cause: ParseFailure?

  public init(_ rule: Rule, at offset: Int? = nil, _ detail: String = "", cause: ParseFailure? = nil) {
    self.rule = rule
    self.offset = offset
    self.detail = detail
    self.cause = cause
  }

  public static func == (a: Self, b: Self) -> Bool { a.rule == b.rule && a.offset == b.offset }
}

extension SWTError: CustomStringConvertible {
  public var description: String {
    guard let offset else { return detail }
    return "at byte \(offset): \(detail)"
  }
}
