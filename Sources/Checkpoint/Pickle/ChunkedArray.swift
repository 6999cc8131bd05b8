/// An array that grows without moving what it holds.
///
/// An ordinary array copies itself whenever it is full, so its peak is twice what it holds; a hostile pickle
/// would double its price that way.
struct ChunkedArray<Element> {
  private static var chunkBits: Int { 13 }
  private static var chunkSize: Int { 1 << chunkBits }

  private var chunks: [ContiguousArray<Element>] = []
  private(set) var count = 0

  mutating func append(_ element: Element) {
    if count & (Self.chunkSize - 1) == 0 {
      var chunk = ContiguousArray<Element>()
      // The first chunk grows as it needs to: most pickles are small.
      if count > 0 { chunk.reserveCapacity(Self.chunkSize) }
      chunks.append(chunk)
    }
    chunks[count >> Self.chunkBits].append(element)
    count += 1
  }

  subscript(_ index: Int) -> Element {
    get { chunks[index >> Self.chunkBits][index & (Self.chunkSize - 1)] }
    set { chunks[index >> Self.chunkBits][index & (Self.chunkSize - 1)] = newValue }
  }
}

extension ChunkedArray: Sendable where Element: Sendable {}
