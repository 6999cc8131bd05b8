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
    /// The first eight bytes are not those of a `.swt` file.
    case magic
    /// A major version that this library does not know.
    case version
    /// The file is shorter than it says.
    case truncated
    /// The file is longer than it says.
    case trailingBytes = "trailing-bytes"
    /// The header does not have the 64 bytes of this version.
    case headerSize = "header-size"
    /// An alignment outside of 2^6 … 2^16, or of tensors above that of the data.
    case alignment
    /// The data region does not begin where the index region ends.
    case dataOffset = "data-offset"
    /// A required feature that this library does not know.
    case requiredFeature = "required-feature"
    /// CRC32C of header and section table.
    case headerChecksum = "header-checksum"
    /// A field that must be zero is not.
    case reserved
    /// A size that this reader does not take, although the format could express it.
    case limit
    // Section table.
    /// More sections than 64, or than fit before the data.
    case sectionCount = "section-count"
    /// A kind that is not four printable ASCII characters.
    case sectionKind = "section-kind"
    /// Two sections of one kind.
    case sectionTwice = "section-twice"
    /// Unknown flags, or a critical bit that is not as the format says.
    case sectionFlags = "section-flags"
    /// A section does not follow the one before it.
    case sectionPlace = "section-place"
    /// A size that does not fit the number of records.
    case sectionSize = "section-size"
    /// `TENS`, `BYNM` or `STRS` is not there.
    case sectionMissing = "section-missing"
    /// A critical section of an unknown kind.
    case unknownCriticalSection = "unknown-critical-section"
    /// CRC32C of a section.
    case sectionChecksum = "section-checksum"
    /// Padding that is not zero.
    case padding
    // Tensor records.
    /// A name that is empty, too long or outside of the string pool.
    case name
    /// The code 0, a code that is not known, or a type that cannot give what is asked for.
    case dtype
    /// More than six dimensions.
    case rank
    /// An unused dimension that is not 0.
    case dimensions
    /// Bits times dimensions that reach 2^63.
    case overflow
    /// A length that is not that of shape and type.
    case dataLength = "data-length"
    /// Bytes outside of the data region.
    case dataBounds = "data-bounds"
    /// A tensor that does not follow the one before it.
    case dataPlace = "data-place"
    /// An order of dimensions that is no permutation.
    case dimOrder = "dim-order"
    /// A role that this version of the format does not have.
    case role
    /// Flags that it does not have, or that exclude each other.
    case flags
    /// A link to a record that is not there, or where there must be none.
    case link
    /// An alias that is not like its target.
    case alias
    /// The file does not end 64 bytes behind its last tensor.
    case fileEnd = "file-end"
    /// Names that do not ascend, or two that are equal.
    case nameOrder = "name-order"
    // Other sections.
    /// A metadata record that is not well-formed.
    case metadata
    /// A quantisation record that does not fit its tensors.
    case quantization
    /// A record of a source tensor that is not well-formed.
    case sourceDigest = "source-digest"
    /// A golden test that does not fit its tensors.
    case golden
    /// A receipt that is not well-formed.
    case receipt
    // Contents.
    /// CRC32C of a tensor's bytes.
    case dataChecksum = "data-checksum"
    /// SHA-256 of a tensor's bytes.
    case dataDigest = "data-digest"
    /// The file has no digests, which a full check needs.
    case digestMissing = "digest-missing"
    /// Text that is not UTF-8, or has control characters.
    case utf8
    /// There is no tensor with that name or index.
    case noSuchTensor = "no-such-tensor"
  }

  /// The rule that is broken.
  public var rule: Rule
  /// Offset in bytes from the start of the file, where it is known.
  public var offset: Int?
  /// What was read and what was expected.
  public var detail: String
  /// The failure behind ``Rule/unreadable``.
  public var cause: ParseFailure?

  /// An error at `offset` bytes from the start of the file, or at no offset that is known.
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
