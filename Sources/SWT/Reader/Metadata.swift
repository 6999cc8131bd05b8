/// A metadata value.
public enum SWTValue: Equatable, Sendable {
  /// UTF-8.
  case text(String)
  /// A signed 64-bit integer.
  case integer(Int64)
  /// A float64.
  case double(Double)
  /// True or false.
  case bool(Bool)
  /// Bytes that the format does not interpret.
  case bytes([UInt8])
  /// A list of integers.
  case integers([Int64])
  /// A list of float64.
  case doubles([Double])
  /// JSON, as text.
  case json(String)
}

extension SWTFile {
  /// Whether the text is a valid key: `[a-z0-9_.]+`.
  package static func isMetadataKey(_ key: some Sequence<UInt8>) -> Bool {
    var isEmpty = true
    for byte in key {
      isEmpty = false
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"),
        UInt8(ascii: "."):
        continue
      default: return false
      }
    }
    return !isEmpty
  }

  /// Number of metadata entries.
  public var metadataCount: Int { directory[.metadata]?.count ?? 0 }

  /// All metadata in key order, except values of types defined by newer versions.
  public var metadata: [(key: String, value: SWTValue)] {
    metadataRecords.compactMap { record in record.value.map { (record.key, $0) } }
  }

  /// All metadata in key order, with type codes; the value of an unknown type is nil.
  package var metadataRecords: [(key: String, type: UInt16, value: SWTValue?)] {
    (0..<metadataCount).map { index in
      let base = metadataBase(index)
      return (indexBytes.text(keyRange(base)), indexBytes.u16(base + 6), metadataValue(base))
    }
  }

  /// The value of a key; O(log n).
  public func metadata(_ key: String) -> SWTValue? {
    var key = key
    let base: Int? = key.withUTF8 { wanted in
      var (low, high) = (0, metadataCount)
      while low < high {
        let middle = low + (high - low) / 2
        let base = metadataBase(middle)
        let order = unsafe indexBytes.compare(keyRange(base), with: UnsafeRawBufferPointer(wanted))
        if order == 0 { return base }
        if order < 0 { low = middle + 1 } else { high = middle }
      }
      return nil
    }
    return base.flatMap(metadataValue)
  }

  private func metadataBase(_ index: Int) -> Int {
    (directory[.metadata]?.range.lowerBound ?? 0) + 24 * index
  }

  private func keyRange(_ base: Int) -> Range<Int> {
    let start = strings.lowerBound + Int(indexBytes.u32(base))
    return start..<start + Int(indexBytes.u16(base + 4))
  }

  private func valueRange(_ base: Int) -> Range<Int> {
    let start = strings.lowerBound + Int(indexBytes.u32(base + 8))
    return start..<start + Int(indexBytes.u32(base + 12))
  }

  private func metadataValue(_ base: Int) -> SWTValue? {
    let (number, range) = (indexBytes.u64(base + 16), valueRange(base))
    func words() -> [UInt64] {
      stride(from: range.lowerBound, to: range.upperBound, by: 8).map(indexBytes.u64)
    }
    switch indexBytes.u16(base + 6) {
    case 1: return .text(indexBytes.text(range))
    case 2: return .integer(Int64(bitPattern: number))
    case 3: return .double(Double(bitPattern: number))
    case 4: return .bool(number != 0)
    case 5: return .bytes(Array(indexBytes.bytes(range)))
    case 6: return .integers(words().map { Int64(bitPattern: $0) })
    case 7: return .doubles(words().map { Double(bitPattern: $0) })
    case 8: return .json(indexBytes.text(range))
    default: return nil
    }
  }

  /// Level 1 of META.
  func checkMetadata() throws(SWTError) {
    var previous: Range<Int>?
    for index in 0..<metadataCount {
      let base = metadataBase(index)
      let (keyOffset, keyLength) = (Int(indexBytes.u32(base)), Int(indexBytes.u16(base + 4)))
      guard isInStrings(keyOffset, keyLength), Self.isMetadataKey(indexBytes.bytes(keyRange(base))) else {
        throw SWTError(.metadata, at: base, "a metadata key is outside the strings or not [a-z0-9_.]+")
      }
      if let previous, indexBytes.compare(previous, keyRange(base)) >= 0 {
        throw SWTError(.metadata, at: base, "metadata keys are not in ascending order, or one appears twice")
      }
      previous = keyRange(base)
      try checkMetadataValue(base)
    }
  }

  private func checkMetadataValue(_ base: Int) throws(SWTError) {
    let type = indexBytes.u16(base + 6)
    let (offset, length) = (Int(indexBytes.u32(base + 8)), Int(indexBytes.u32(base + 12)))
    let number = indexBytes.u64(base + 16)
    let isValid =
      switch type {
      case 2, 3: offset == 0 && length == 0
      case 4: offset == 0 && length == 0 && number <= 1
      case 1, 5, 8: isInStrings(offset, length) && number == 0
      case 6, 7: isInStrings(offset, length) && length % 8 == 0 && number == 0
      default: !directory.isStrict
      }
    guard isValid else {
      throw SWTError(.metadata, at: base + 6, "a metadata value of type \(type) is invalid")
    }
  }

  func isInStrings(_ offset: Int, _ length: Int) -> Bool {
    offset <= strings.count && length <= strings.count - offset
  }
}
