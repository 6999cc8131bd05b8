internal import SWTBytes

/// Random reads of a source through a bounded page cache.
///
/// Transposed views touch one page per row, repeatedly: 32 MiB of small pages cover 8,192 rows, and memory
/// stays bounded whatever the size of the tensor.
struct PagedReader {
  private static let pageSize = 4096
  static let slotCount = 8192

  private let source: any ByteSource
  private var pages: [[UInt8]]
  private var numbers: [Int]

  /// `pageCount` is the number of pages in memory.
  init(_ source: any ByteSource, pageCount: Int = PagedReader.slotCount) {
    self.source = source
    let slots = min(pageCount, source.byteCount / Self.pageSize + 1)
    pages = Array(repeating: [], count: slots)
    numbers = Array(repeating: -1, count: slots)
  }

  /// Appends `count` bytes that start at `offset`.
  mutating func append(_ count: Int, at offset: Int, to output: WindowBuffer) throws(ParseFailure) {
    var offset = offset
    var left = count
    while left > 0 {
      let number = offset / Self.pageSize
      let within = offset % Self.pageSize
      let slot = number % pages.count
      if numbers[slot] != number {
        let start = number * Self.pageSize
        let size = min(Self.pageSize, source.byteCount - start)
        guard size > within else {
          throw ParseFailure(.truncated(needed: left, available: 0), at: offset)
        }
        pages[slot] = try source.bytes(at: start, count: size)
        numbers[slot] = number
      }
      let piece = min(left, pages[slot].count - within)
      guard piece > 0 else { throw ParseFailure(.truncated(needed: left, available: 0), at: offset) }
      output.append(pages[slot][within..<within + piece])
      offset += piece
      left -= piece
    }
  }
}
