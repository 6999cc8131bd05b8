internal import SWTBytes
internal import SWTTensors

/// Opens the chunks of one tensor.
protocol ChunkProvider: Sendable {
  /// The values of a chunk, by its position in the list that the table was made from.
  ///
  /// - Throws: ``ParseFailure`` if it cannot be opened, or if its type or shape is not the stated one.
  func open(_ position: Int) throws(ParseFailure) -> TensorEntry

  /// Where the chunk is, for errors.
  func place(_ position: Int) -> String
}

/// The values of a tensor whose chunks are stored apart: contiguous and row-major, as if they were one record.
///
/// Nothing is assembled in memory: a pass reads what it needs of each chunk, window by window.
final class AssembledSource: ByteSource {
  let table: ChunkTable
  let type: ScalarType
  private let provider: any ChunkProvider
  let byteCount: Int

  /// - Throws: ``ParseFailure`` if elements share bytes, or if the size overflows.
  init(_ table: ChunkTable, _ type: ScalarType, _ provider: any ChunkProvider) throws(ParseFailure) {
    guard type.packedBits == nil else {
      throw ParseFailure(.unsupported("chunks of elements that share bytes (\(type.rawValue))"))
    }
    self.table = table
    self.type = type
    self.provider = provider
    byteCount = try Checked.multiply(
      try Checked.product(table.shape, "element count"), type.byteWidth, "tensor size")
  }

  /// The number of bytes at the start of the whole that are all in one chunk.
  var leadingBytes: Int { table.count == 0 ? byteCount : table.runLength(0) * type.byteWidth }

  /// Opens a chunk of the table, and checks that it is what the table says.
  func open(_ chunk: Int) throws(ParseFailure) -> TensorEntry {
    let position = table.position(chunk)
    do throws(ParseFailure) {
      let entry = try provider.open(position)
      guard entry.scalarType == type else {
        throw ParseFailure(.invalid("it has \(entry.scalarType.rawValue) values; expected \(type.rawValue)"))
      }
      guard entry.shape.elementsEqual(table.sizes(chunk)) else {
        throw ParseFailure(.invalid("it has shape \(entry.shape); expected \(Array(table.sizes(chunk)))"))
      }
      guard !entry.isMeta else { throw ParseFailure(.invalid("it is a meta tensor, without values")) }
      return entry
    } catch {
      throw error.inside(provider.place(position))
    }
  }

  /// Adds where a chunk is to an error about its values.
  func locate(_ failure: ParseFailure, _ chunk: Int) -> ParseFailure {
    failure.inside(provider.place(table.position(chunk)))
  }

  func read(at offset: Int, into destination: UnsafeMutableRawBufferPointer) throws(ParseFailure) {
    try requireRange(offset, destination.count)
    guard destination.count > 0 else { return }
    // Whole elements around the range.
    let width = type.byteWidth
    let first = offset / width
    let end = (offset + destination.count - 1) / width + 1
    let window = WindowBuffer(capacity: (end - first) * width)
    var pass = AssembledPass(self, from: first, maps: false)
    guard try pass.next(window.capacity, into: window) else { return }
    unsafe window.bytes.withUnsafeBytes { bytes in
      let skipped = offset - first * width
      unsafe destination.copyMemory(
        from: UnsafeRawBufferPointer(rebasing: bytes[skipped..<skipped + destination.count]))
    }
  }

  /// Compares the checksum of every chunk with the one in its container.
  ///
  /// - Throws: ``ParseFailure`` `.checksum` if one differs.
  func requireChecksums() throws(ParseFailure) {
    for chunk in 0..<table.count {
      let entry = try open(chunk)
      do throws(ParseFailure) {
        try entry.storage.requireChecksum()
      } catch {
        throw locate(error, chunk)
      }
    }
  }
}

extension AssembledSource {
  /// The tensor with these values.
  ///
  /// - Parameters:
  ///   - id: The ID of its storage.
  ///   - label: What to call it in errors.
  ///   - limits: Limits on its shape.
  /// - Returns: A contiguous tensor.
  /// - Throws: ``ParseFailure`` `.limit` if it has too many dimensions.
  func entry(id: Int, _ label: String, limits: ParseLimits) throws(ParseFailure) -> TensorEntry {
    try TensorEntry.checked(
      scalarType: type, layout: try StridedLayout(shape: table.shape, strides: nil),
      storage: Storage(id: id, byteCount: byteCount, source: self, label: label), limits: limits)
  }
}

/// Chunks that are open.
struct OpenedChunks: ChunkProvider {
  let entries: [TensorEntry]
  /// The file of each chunk.
  let names: [String]

  func open(_ position: Int) throws(ParseFailure) -> TensorEntry { entries[position] }

  func place(_ position: Int) -> String { names[position] }
}
