internal import SWTChecksums

/// Collects the texts of section STRS; equal texts share their bytes.
struct StringPool {
  private(set) var bytes: [UInt8] = []
  /// Where each text is, in order of first mention.
  private var texts: [Range<Int>] = []
  /// A hash table with open addressing: indices of texts from 1, or 0. A dictionary would store each text once
  /// more as its key.
  private var table = [UInt32](repeating: 0, count: 64)

  /// The offset of a text; adds it the first time.
  mutating func place(_ text: some Collection<UInt8>) -> Int {
    if let place = text.withContiguousStorageIfAvailable({ unsafe place(UnsafeRawBufferPointer($0)) }) {
      return place
    }
    return unsafe Array(text).withUnsafeBytes { unsafe place($0) }
  }

  private mutating func place(_ text: UnsafeRawBufferPointer) -> Int {
    var slot = unsafe hash(text)
    while table[slot] > 0 {
      let known = texts[Int(table[slot]) - 1]
      if unsafe known.count == text.count && bytes[known].elementsEqual(text) { return known.lowerBound }
      slot = (slot + 1) % table.count
    }
    let place = bytes.count
    unsafe bytes.append(contentsOf: text)
    texts.append(place..<bytes.count)
    table[slot] = UInt32(texts.count)
    if 2 * texts.count > table.count { grow() }
    return place
  }

  private func hash(_ text: UnsafeRawBufferPointer) -> Int {
    var hasher = Hasher()
    unsafe hasher.combine(bytes: text)
    return Int(truncatingIfNeeded: UInt(bitPattern: hasher.finalize()) % UInt(table.count))
  }

  private mutating func grow() {
    table = [UInt32](repeating: 0, count: 2 * table.count)
    for (index, range) in texts.enumerated() {
      var slot = unsafe bytes.withUnsafeBytes { unsafe hash(UnsafeRawBufferPointer(rebasing: $0[range])) }
      while table[slot] > 0 { slot = (slot + 1) % table.count }
      table[slot] = UInt32(index + 1)
    }
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

  /// Makes room for that many bytes at once.
  mutating func reserve(_ count: Int) { bytes.reserveCapacity(count) }

  mutating func put<T: FixedWidthInteger>(_ value: T) {
    unsafe withUnsafeBytes(of: value.littleEndian) { unsafe bytes.append(contentsOf: $0) }
  }

  mutating func put(_ value: Float) { put(value.bitPattern) }
  mutating func put(_ raw: [UInt8]) { bytes += raw }
  mutating func u8(_ value: Int) { put(UInt8(truncatingIfNeeded: value)) }
  mutating func u16(_ value: Int) { put(UInt16(truncatingIfNeeded: value)) }
  mutating func u32(_ value: Int) { put(UInt32(truncatingIfNeeded: value)) }
  mutating func tensor(_ index: Int?) { put(index.map { UInt32(truncatingIfNeeded: $0) } ?? SWTFormat.none) }

  mutating func put(_ digest: SHA256Digest) {
    let words = digest.words
    for word in [words.0, words.1, words.2, words.3] { put(word.byteSwapped) }
  }

  mutating func pad(to alignment: Int) {
    while bytes.count % alignment != 0 { bytes.append(0) }
  }

  /// Of the bytes from an offset.
  func checksum(from start: Int) -> UInt32 {
    unsafe bytes.withUnsafeBufferPointer { buffer in
      let span = unsafe buffer.span.bytes
      return CRC32C.checksum(span.extracting(start..<span.byteCount))
    }
  }

  /// Replaces the first bytes.
  mutating func putFront(_ front: [UInt8]) { bytes.replaceSubrange(..<front.count, with: front) }
}
