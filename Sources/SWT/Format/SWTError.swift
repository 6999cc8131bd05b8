public import SWTBytes

/// Why a `.swt` file was rejected: the rule of the format that it violates, and where.
///
/// Two errors are equal if their rules and offsets are equal; the rest is for people.
public struct SWTError: Error, Equatable, Sendable {
  /// The rules, one per invariant of the format; the raw values are stable.
  public enum Rule: String, CaseIterable, Sendable {
    /// The system could not open or map the file; see ``SWTError/cause``.
    case unreadable
    // Header.
    /// The first eight bytes are not the magic of a `.swt` file.
    case magic
    /// A major version that this library does not support.
    case version
    /// The file is shorter than its header states.
    case truncated
    /// The file is longer than its header states.
    case trailingBytes = "trailing-bytes"
    /// The header size is not the 64 bytes of this version.
    case headerSize = "header-size"
    /// An alignment outside 2^6 … 2^16, or a tensor alignment above the data alignment.
    case alignment
    /// The data region does not start where the index region ends.
    case dataOffset = "data-offset"
    /// A required feature that this library does not support.
    case requiredFeature = "required-feature"
    /// The CRC32C of header and section table does not match.
    case headerChecksum = "header-checksum"
    /// A reserved field is not zero.
    case reserved
    /// A size beyond a limit of this reader, although the format could express it.
    case limit
    // Section table.
    /// More than 64 sections, or more than fit before the data.
    case sectionCount = "section-count"
    /// A kind that is not four printable ASCII characters.
    case sectionKind = "section-kind"
    /// Two sections of the same kind.
    case sectionTwice = "section-twice"
    /// Unknown flags, or the wrong critical bit for a known section.
    case sectionFlags = "section-flags"
    /// A section that does not directly follow the previous one.
    case sectionPlace = "section-place"
    /// A size that does not match the number of records.
    case sectionSize = "section-size"
    /// `TENS`, `BYNM` or `STRS` is missing.
    case sectionMissing = "section-missing"
    /// A critical section of an unknown kind.
    case unknownCriticalSection = "unknown-critical-section"
    /// The CRC32C of a section does not match.
    case sectionChecksum = "section-checksum"
    /// Padding that is not zero.
    case padding
    // Tensor records.
    /// A name that is empty, too long or outside the string pool.
    case name
    /// Code 0, an unknown code, or a type that does not support the operation.
    case dtype
    /// More than six dimensions.
    case rank
    /// An unused dimension that is not 0.
    case dimensions
    /// The size in bits reaches 2^63.
    case overflow
    /// A length that does not match shape and type.
    case dataLength = "data-length"
    /// Bytes outside the data region.
    case dataBounds = "data-bounds"
    /// A tensor that does not directly follow the previous one.
    case dataPlace = "data-place"
    /// An order of dimensions that is not a permutation.
    case dimOrder = "dim-order"
    /// A role unknown to this version of the format.
    case role
    /// Flags unknown to this version of the format, or mutually exclusive ones.
    case flags
    /// A link to a record that does not exist, or a link where none is allowed.
    case link
    /// An alias that differs from its target.
    case alias
    /// The file does not end 64 bytes after its last tensor.
    case fileEnd = "file-end"
    /// Names out of order, or two equal ones.
    case nameOrder = "name-order"
    // Other sections.
    /// A malformed metadata record.
    case metadata
    /// A quantization record that is malformed or does not match its tensors.
    case quantization
    /// A malformed record of a source tensor.
    case sourceDigest = "source-digest"
    /// A golden test that is malformed or does not match its tensors.
    case golden
    /// A malformed receipt.
    case receipt
    // Contents.
    /// The CRC32C of a tensor's bytes does not match.
    case dataChecksum = "data-checksum"
    /// The SHA-256 of a tensor's bytes does not match.
    case dataDigest = "data-digest"
    /// The file has no digests, which a full check requires.
    case digestMissing = "digest-missing"
    /// Text that is not UTF-8 or contains control characters.
    case utf8
    /// There is no tensor with that name or index.
    case noSuchTensor = "no-such-tensor"
  }

  /// The rule that was violated.
  public var rule: Rule
  /// Offset in bytes from the start of the file, if known.
  public var offset: Int?
  /// What was read and what was expected.
  public var detail: String
  /// The underlying failure of ``Rule/unreadable``.
  public var cause: ParseFailure?

  /// Creates an error; `offset` is in bytes from the start of the file, nil if unknown.
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
