internal import SWT

/// The metadata of a weight file compared with what a conversion would write.
struct MetadataComparison {
  /// Keys that the conversion determines and whose values differ, or that only one side has.
  private(set) var differing: [String] = []
  /// Keys whose values the conversion does not determine, or determines differently although the user may
  /// change them: claims, about which the source proves nothing.
  private(set) var claims: [String] = []

  /// What the file is and how its tensors are to be read.
  private static let determined = ["arch.", "convert.", "fold.", "tensors.", "source.synthesized"]
  /// Where the file comes from; the same tensors may be in several files.
  private static let origin = "source."
  /// How and by what the file was made, and golden tests, which are checked by themselves.
  private static let ignored = ["swt.", "golden.", "gold."]

  init(_ planned: [String: SWTValue], with file: SWTFile) {
    let isSameFile = planned[SWTFormat.sourceDigestKey] == file.metadata(SWTFormat.sourceDigestKey)
    let records = file.metadataRecords
    let keys = Set(planned.keys).union(records.map(\.key))
    for key in keys.sorted() where !Self.matches(key, Self.ignored) {
      let isEqual = planned[key].map { $0.isIdentical(to: file.metadata(key)) } ?? false
      if isEqual { continue }
      if Self.matches(key, Self.determined) || (isSameFile && key.hasPrefix(Self.origin)) {
        differing.append(key)
      } else {
        claims.append(key)
      }
    }
  }

  private static func matches(_ key: String, _ prefixes: [String]) -> Bool {
    prefixes.contains { key.hasPrefix($0) }
  }
}

extension SWTValue {
  /// Whether another value has the same type and the same bytes in a file.
  func isIdentical(to other: SWTValue?) -> Bool {
    switch (self, other) {
    case (.text(let a), .text(let b)), (.json(let a), .json(let b)): a.utf8.elementsEqual(b.utf8)
    case (.double(let a), .double(let b)): a.bitPattern == b.bitPattern
    case (.doubles(let a), .doubles(let b)): a.map(\.bitPattern) == b.map(\.bitPattern)
    case (_, let other): self == other
    }
  }
}
