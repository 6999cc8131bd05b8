internal import SWTBytes
internal import SWTChecksums
internal import SWTTensors

/// The position in one chunk of an assembled tensor; its values are read once, from front to back.
struct ChunkCursor {
  private let entry: TensorEntry
  private let width: Int
  private let maps: Bool
  /// Offset of the next byte in the storage, if the values are there as they are.
  private var offset: Int?
  /// The values otherwise: strided, big-endian, or conjugated.
  private var windows: TensorWindows?
  /// Bytes of the windows that were read, but not requested yet.
  private var pending: [UInt8] = []
  /// The end of the values in the storage.
  private var end = 0
  /// The pass through mapped bytes; its owner ends it when the last window is no longer in use.
  private(set) var walk: SourceWalk?
  private var crc: CRC32?

  /// Opens a chunk.
  ///
  /// - Parameters:
  ///   - entry: The chunk.
  ///   - first: Its first element to read.
  ///   - checks: Whether to compare its checksum with the one in its container.
  ///   - maps: Whether its bytes may be mapped.
  ///   - sharers: The number of chunks that are read at the same time, which share the memory for pages of
  ///     strided values.
  /// - Throws: ``ParseFailure`` if the chunk has no values or is damaged.
  init(
    _ entry: TensorEntry, from first: Int, checks: Bool, maps: Bool, sharers: Int
  ) throws(ParseFailure) {
    self.entry = entry
    self.maps = maps
    width = entry.scalarType.byteWidth
    if entry.isVerbatim {
      offset = (entry.layout.offset + first) * width
      end = entry.layout.offset * width + entry.byteCount
      if checks, entry.storage.crc32 != nil, entry.byteCount == entry.storage.byteCount { crc = CRC32() }
    } else {
      windows = try TensorWindows(
        entry, limits: ParseLimits(), pieceBytes: 1 << 18, pageCount: max(PagedReader.slotCount / sharers, 16)
      )
    }
    if checks, crc == nil { try entry.storage.requireChecksum() }
    if windows != nil, first > 0 { _ = try read(first) }
  }

  /// Shows the next elements in place; false if they are not mapped.
  mutating func show(_ count: Int, in window: WindowBuffer) throws(ParseFailure) -> Bool {
    guard maps, let start = offset, let source = entry.storage.source,
      end - start >= TensorWindows.mappedBytes || walk != nil
    else { return false }
    var here = try self.walk(source, from: start)
    guard here.isMapped, try here.next(count * width, into: window) else { return false }
    walk = here
    offset = start + window.count
    crc?.update(window.bytes)
    return true
  }

  private func walk(_ source: any ByteSource, from start: Int) throws(ParseFailure) -> SourceWalk {
    if let walk { return walk }
    return try SourceWalk(source, start..<end)
  }

  /// The next elements, as bytes.
  mutating func read(_ count: Int) throws(ParseFailure) -> WindowBuffer {
    let needed = count * width
    let values = WindowBuffer(capacity: needed)
    if let start = offset, let source = entry.storage.source {
      // A mapped pass cannot skip bytes, so it ends here; the next one starts after them.
      try walk?.finish()
      walk = nil
      try values.append(source, at: start, count: needed)
      offset = start + needed
      crc?.update(values.bytes)
      return values
    }
    while pending.count < needed {
      guard let more = try windows?.next() else {
        throw ParseFailure(.truncated(needed: needed, available: pending.count))
      }
      pending += more
    }
    values.append(pending[..<needed])
    pending.removeFirst(needed)
    return values
  }

  /// Compares the checksum; call after the last element.
  func finish() throws(ParseFailure) {
    try walk?.requireSource()
    if let crc { try entry.storage.requireChecksum(found: crc.value) }
  }

  /// Checks that the file still has the bytes returned so far.
  func requireSource() throws(ParseFailure) { try walk?.requireSource() }
}
