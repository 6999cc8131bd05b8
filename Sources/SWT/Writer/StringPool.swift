/// Collects the texts of section STRS; equal texts share their bytes.
struct StringPool {
  private(set) var bytes: [UInt8] = []
  private var places: [Text: Int] = [:]

  /// Hashes the bytes as a whole; byte by byte it took 1 % of a conversion.
  private struct Text: Hashable {
    let bytes: [UInt8]

    func hash(into hasher: inout Hasher) {
      unsafe bytes.withUnsafeBytes { unsafe hasher.combine(bytes: $0) }
    }
  }

  /// The offset of a text; adds it the first time.
  mutating func place(_ text: some Sequence<UInt8>) -> Int {
    let key = Text(bytes: Array(text))
    if let place = places[key] { return place }
    places[key] = bytes.count
    bytes += key.bytes
    return bytes.count - key.bytes.count
  }

  /// The offset of a text that shares its bytes with no other, so that it can be replaced by one of the same length.
  mutating func placeAlone(_ text: some Sequence<UInt8>) -> Int {
    let place = bytes.count
    bytes += text
    return place
  }
}

/// Appends little-endian fields.
struct FieldWriter {
  private(set) var bytes: [UInt8] = []

  mutating func put<T: FixedWidthInteger>(_ value: T) {
    for shift in stride(from: 0, to: T.bitWidth, by: 8) {
      bytes.append(UInt8(truncatingIfNeeded: value >> T(shift)))
    }
  }

  mutating func put(_ value: Float) { put(value.bitPattern) }
  mutating func put(_ raw: [UInt8]) { bytes += raw }
  mutating func u8(_ value: Int) { put(UInt8(truncatingIfNeeded: value)) }
  mutating func u16(_ value: Int) { put(UInt16(truncatingIfNeeded: value)) }
  mutating func u32(_ value: Int) { put(UInt32(truncatingIfNeeded: value)) }
  mutating func tensor(_ index: Int?) { put(index.map { UInt32(truncatingIfNeeded: $0) } ?? SWTFormat.none) }

  mutating func pad(to alignment: Int) {
    while bytes.count % alignment != 0 { bytes.append(0) }
  }
}
