internal import SWTBytes

/// The constants of the format; FORMAT.md has the tables and the reasons.
public enum SWTFormat {
  /// The first eight bytes of every file.
  public static let magic: [UInt8] = FileMagic.swt
  /// The major version; a file with any other is rejected.
  public static let versionMajor: UInt16 = 1
  /// The newest minor version that this library supports completely.
  public static let versionMinor: UInt16 = 0
  /// Maximum number of dimensions of a tensor.
  public static let maximumRank = 6
  /// Maximum length of a name in bytes of UTF-8.
  public static let maximumNameLength = 4095

  /// Whether a tensor may have this name: 1 to 4095 bytes without control characters.
  public static func isName(_ name: String) -> Bool {
    (1...maximumNameLength).contains(name.utf8.count) && name.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F }
  }
  /// Maximum number of sections of a file.
  public static let maximumSectionCount = 64
  /// Prefix of the names of golden tests' tensors.
  public static let goldenPrefix = "golden/"
  /// The metadata key of the source's SHA-256, which is known only after all else: its text shares no bytes with others.
  public static let sourceDigestKey = "source.sha256"
  /// Means "no tensor" or "no record".
  public static let none: UInt32 = 0xFFFF_FFFF
  /// The flag bits of a tensor record that this version of the format defines.
  package static let knownFlags = RecordFlags.known
  /// The dimension order of row-major tensors.
  public static let rowMajor: UInt32 = 0x7654_3210

  package static let headerSize = 64
  package static let sectionEntrySize = 32
  /// Zero bytes after the last tensor, so that vector loads may run past its end.
  package static let tailSize = 64
  /// Alignment of sections and of the end of the data.
  package static let sectionAlignment = 64
  package static let alignmentRange: ClosedRange<UInt8> = 6...16
  /// The index region is copied to memory; a gigabyte has room for millions of tensors.
  package static let maximumIndexSize = 1 << 30

  /// `value` rounded up to a multiple of `alignment`, which must be a power of two; nil on overflow.
  package static func alignUp(_ value: Int, _ alignment: Int) -> Int? {
    let (sum, overflow) = value.addingReportingOverflow(alignment - 1)
    return overflow ? nil : sum & ~(alignment - 1)
  }

  /// Size of a dense tensor in bytes: the product of the dimensions and the bits per element, rounded up to a
  /// byte.
  ///
  /// The product counts each 0 as 1 and must stay below 2^63 bits, so that every reader accepts the same
  /// shapes, whatever order it multiplies in. Nil if the product is larger.
  package static func byteCount(_ shape: some Sequence<Int>, _ type: SWTDType) -> Int? {
    var bits = type.bitWidth
    var isEmpty = false
    for dimension in shape {
      guard dimension >= 0 else { return nil }
      if dimension == 0 { isEmpty = true }
      let (product, overflow) = bits.multipliedReportingOverflow(by: max(dimension, 1))
      guard !overflow else { return nil }
      bits = product
    }
    return isEmpty ? 0 : bits / 8 + (bits % 8 == 0 ? 0 : 1)
  }
}

/// The known sections; the raw value is the kind in the file.
package enum SectionKind: String, CaseIterable, Sendable {
  case tensors = "TENS"
  case byName = "BYNM"
  case strings = "STRS"
  case metadata = "META"
  case quantization = "QNTZ"
  case digests = "DGST"
  case sources = "SRCD"
  case goldenSets = "GSET"
  case golden = "GOLD"
  case receipts = "ERRS"

  /// Position among the kinds, for lookup tables.
  package var place: Int {
    switch self {
    case .tensors: 0
    case .byName: 1
    case .strings: 2
    case .metadata: 3
    case .quantization: 4
    case .digests: 5
    case .sources: 6
    case .goldenSets: 7
    case .golden: 8
    case .receipts: 9
    }
  }

  /// Size of a record in bytes; times `count` it is the size of the section.
  package var recordSize: Int {
    switch self {
    case .tensors, .golden: 64
    case .byName: 4
    case .strings: 1
    case .metadata: 24
    case .quantization, .digests, .goldenSets: 32
    case .sources: 48
    case .receipts: 16
    }
  }

  /// Whether a reader that does not know the section must reject the file.
  package var isCritical: Bool {
    switch self {
    case .tensors, .byName, .strings, .quantization, .goldenSets: true
    default: false
    }
  }
}

/// The flag bits of a tensor record.
package enum RecordFlags {
  package static let alias: UInt8 = 1
  package static let quantized: UInt8 = 2
  package static let derived: UInt8 = 4
  package static let known: UInt8 = 7
}
