/// An array that grows without moving its elements.
///
/// An ordinary array is copied whenever it is full, so its peak memory is twice its size; a hostile pickle
/// could exploit that.
struct ChunkedArray<Element> {
  private static var chunkBits: Int { 13 }
  private static var chunkSize: Int { 1 << chunkBits }

  private var chunks: [ContiguousArray<Element>] = []
  private(set) var count = 0

  mutating func append(_ element: Element) {
    if count & (Self.chunkSize - 1) == 0 {
      var chunk = ContiguousArray<Element>()
      // The first chunk grows on demand: most pickles are small.
      if count > 0 { chunk.reserveCapacity(Self.chunkSize) }
      chunks.append(chunk)
    }
    chunks[count >> Self.chunkBits].append(element)
    count += 1
  }

  /// Some of the elements.
  func array(_ start: Int, count: Int) -> [Element] {
    let (chunk, first) = (start >> Self.chunkBits, start & (Self.chunkSize - 1))
    if count == 0 { return [] }
    if first + count <= Self.chunkSize { return Array(chunks[chunk][first..<first + count]) }
    return (start..<start + count).map { self[$0] }
  }

  subscript(_ index: Int) -> Element {
    get { chunks[index >> Self.chunkBits][index & (Self.chunkSize - 1)] }
    set { chunks[index >> Self.chunkBits][index & (Self.chunkSize - 1)] = newValue }
  }
}

extension ChunkedArray: Sendable where Element: Sendable {}

/// Text in chunks that never move.
struct ChunkedPool: Sendable {
  private static let chunkSize = 1 << 20

  private var chunks: [[UInt8]] = []
  /// The start of each chunk; strings are never split.
  private var starts: [Int] = []
  private(set) var count = 0

  mutating func append(_ bytes: ArraySlice<UInt8>) -> Int {
    let start = count
    count += bytes.count
    if let last = chunks.indices.last, chunks[last].count + bytes.count <= Self.chunkSize {
      chunks[last] += bytes
    } else {
      starts.append(start)
      chunks.append(Array(bytes))
    }
    return start
  }

  func slice(at offset: Int, count: Int) -> ArraySlice<UInt8> {
    guard count > 0 else { return [] }
    var low = 0
    var high = starts.count
    while high - low > 1 {
      let middle = (low + high) / 2
      if starts[middle] <= offset { low = middle } else { high = middle }
    }
    let within = offset - starts[low]
    return chunks[low][within..<within + count]
  }
}
