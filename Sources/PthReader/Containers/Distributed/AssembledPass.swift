internal import SWTBytes
internal import SWTTensors

/// A pass through an assembled tensor, window by window, which reads each chunk once, from front to back.
///
/// Belongs to one thread at a time.
struct AssembledPass {
  private let source: AssembledSource
  private let maps: Bool
  /// Whether the checksums of the chunks are compared on the way.
  private var checks = false
  /// Index of the next element of the whole.
  private var position: Int
  /// Number of elements of the whole.
  private let end: Int
  /// Cursors in the chunks that were begun and not finished.
  private var open: [Int: ChunkCursor] = [:]
  /// The first chunk that has not been begun.
  private var next: Int
  /// Chunks before ``next`` that are not finished, in order.
  private var current: [Int] = []

  /// The pass through a finished chunk, whose last values the current window may show: their pages are released
  /// when the window is no longer read, because a read after the release would map them again, and they would stay.
  private var shown: SourceWalk?

  /// Starts at an element of the whole.
  ///
  /// - Parameters:
  ///   - source: The tensor.
  ///   - first: The first element to read.
  ///   - maps: Whether windows may show mapped bytes in place.
  init(_ source: AssembledSource, from first: Int = 0, maps: Bool) {
    self.source = source
    self.maps = maps
    position = first
    end = source.byteCount / source.type.byteWidth
    next = 0
  }

  /// Compares the checksum of every chunk when its last value is read.
  mutating func compareChecksums() { checks = true }

  /// Bytes left.
  var left: Int { (end - position) * source.type.byteWidth }

  /// Replaces the contents of `window` by the next `count` bytes, rounded down to whole elements; returns false
  /// after the last.
  mutating func next(_ count: Int, into window: WindowBuffer) throws(ParseFailure) -> Bool {
    window.removeAll()
    try shown?.finish()
    shown = nil
    let width = source.type.byteWidth
    let range = position..<min(position + count / width, end)
    guard !range.isEmpty else { return false }
    begin(upTo: range.upperBound)
    if current.count == 1, let chunk = current.first, try show(range, of: chunk, in: window) {
      position = range.upperBound
      return true
    }
    var failure: ParseFailure?
    unsafe window.append(range.count * width) { bytes in
      for chunk in current where failure == nil {
        do throws(ParseFailure) {
          unsafe try scatter(range, of: chunk, into: bytes)
        } catch {
          failure = error
        }
      }
    }
    if let failure { throw failure }
    position = range.upperBound
    return true
  }

  /// Checks that the files still have the bytes returned so far.
  func requireSource() throws(ParseFailure) {
    try shown?.requireSource()
    for (chunk, cursor) in open {
      do throws(ParseFailure) {
        try cursor.requireSource()
      } catch {
        throw source.locate(error, chunk)
      }
    }
  }

  /// Adds the chunks that have an element before `index`.
  private mutating func begin(upTo index: Int) {
    while next < source.table.count, source.table.wholeIndex(0, of: next) < index {
      // When reading starts in the middle, earlier chunks may be past.
      if source.table.elements(of: next, before: position) < source.table.elementCount(next) {
        current.append(next)
      }
      next += 1
    }
  }

  /// Shows a window in place, if all of it is in one run of a mapped chunk.
  private mutating func show(
    _ range: Range<Int>, of chunk: Int, in window: WindowBuffer
  ) throws(ParseFailure) -> Bool {
    let table = source.table
    let first = table.elements(of: chunk, before: range.lowerBound)
    let end = table.elements(of: chunk, before: range.upperBound)
    guard maps, end - first == range.count else { return false }
    do throws(ParseFailure) {
      var cursor = try cursor(chunk)
      guard try cursor.show(end - first, in: window) else {
        open[chunk] = cursor
        return false
      }
      try keep(cursor, chunk, at: end)
    } catch {
      throw source.locate(error, chunk)
    }
    return true
  }

  /// Copies the elements of a chunk that are in a range of the whole to their places in it.
  private mutating func scatter(
    _ range: Range<Int>, of chunk: Int, into bytes: UnsafeMutableRawBufferPointer
  ) throws(ParseFailure) {
    let table = source.table
    let elements =
      table.elements(
        of: chunk, before: range.lowerBound)..<table.elements(of: chunk, before: range.upperBound)
    guard !elements.isEmpty else { return }
    let values: WindowBuffer
    do throws(ParseFailure) {
      var cursor = try cursor(chunk)
      values = try cursor.read(elements.count)
      try keep(cursor, chunk, at: elements.upperBound)
    } catch {
      throw source.locate(error, chunk)
    }
    unsafe place(values, elements, of: chunk, at: range.lowerBound, into: bytes)
  }

  /// Copies elements, run by run, to their places in a window that starts at element `first` of the whole.
  private func place(
    _ values: WindowBuffer, _ elements: Range<Int>, of chunk: Int, at first: Int,
    into bytes: UnsafeMutableRawBufferPointer
  ) {
    let table = source.table
    let width = source.type.byteWidth
    let run = table.runLength(chunk)
    unsafe values.bytes.withUnsafeBytes { values in
      var element = elements.lowerBound
      while element < elements.upperBound {
        let count = min(run - element % run, elements.upperBound - element)
        let from = (element - elements.lowerBound) * width
        let to = (table.wholeIndex(element, of: chunk) - first) * width
        unsafe UnsafeMutableRawBufferPointer(rebasing: bytes[to..<to + count * width]).copyMemory(
          from: UnsafeRawBufferPointer(rebasing: values[from..<from + count * width]))
        element += count
      }
    }
  }

  /// The cursor in a chunk, opened when it is first needed.
  private mutating func cursor(_ chunk: Int) throws(ParseFailure) -> ChunkCursor {
    // Taken out, so that it is modified in place instead of copied.
    if let cursor = open.removeValue(forKey: chunk) { return cursor }
    let first = source.table.elements(of: chunk, before: position)
    return try ChunkCursor(
      source.open(chunk), from: first, checks: checks && first == 0, maps: maps, sharers: current.count)
  }

  /// Keeps a cursor for the next window; after the last element, the checksum is compared.
  private mutating func keep(
    _ cursor: ChunkCursor, _ chunk: Int, at element: Int
  ) throws(ParseFailure) {
    guard element == source.table.elementCount(chunk) else {
      open[chunk] = cursor
      return
    }
    current.removeAll { $0 == chunk }
    try cursor.finish()
    shown = cursor.walk
  }
}
