/// Several sources, one after another.
package struct JoinedSource: ByteSource {
  private let parts: [any ByteSource]
  /// Offset of the end of each part.
  private let ends: [Int]

  package init(_ parts: [any ByteSource]) {
    self.parts = parts
    var end = 0
    ends = parts.map { part in
      end += part.byteCount
      return end
    }
  }

  package var byteCount: Int { ends.last ?? 0 }

  package func read(at offset: Int, into destination: UnsafeMutableRawBufferPointer) throws(ParseFailure) {
    try requireRange(offset, destination.count)
    var (done, part) = (0, 0)
    while done < destination.count {
      // Parts that end before the next byte, including empty ones.
      while ends[part] <= offset + done { part += 1 }
      let start = ends[part] - parts[part].byteCount
      let count = min(destination.count - done, ends[part] - (offset + done))
      unsafe try parts[part].read(
        at: offset + done - start,
        into: UnsafeMutableRawBufferPointer(rebasing: destination[done..<done + count]))
      done += count
    }
  }
}
