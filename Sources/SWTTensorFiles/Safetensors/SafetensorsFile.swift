package import SWTBytes
package import SWTTensors

/// A safetensors file: names, types and places of its tensors, read without their values.
///
/// The layout is `u64 header size; JSON header; data`. All that the official library demands is checked once,
/// when the file is opened: tensors lie back to back, in some order, from the first byte of the data to the
/// last, and each is as long as its type and shape say. So nothing can hide between them, and no two can share
/// bytes.
package struct SafetensorsFile: Sendable {
  /// One tensor of the file.
  package struct Entry: Equatable, Sendable {
    package let name: String
    package let type: ScalarType
    /// In PyTorch's elements: two packed 4-bit floats count as one.
    package let shape: [Int]
    /// Where its bytes lie in the file.
    package let range: Range<Int>

    package var byteCount: Int { range.count }
    package var elementCount: Int { range.count / type.byteWidth }
  }

  /// `__metadata__`, in the order of the file.
  package let metadata: OrderedStrings
  /// The tensors, in the order of the header.
  package let tensors: [Entry]
  /// First byte behind the header.
  package let dataOffset: Int

  private let source: any ByteSource
  private let index: [String: Int]

  /// The official library's bound.
  package static let headerLimit = 100_000_000
  /// Largest piece that ``forEachWindow(of:_:)`` hands out.
  package static let windowBytes = 4 << 20

  /// True when the file starts like a safetensors file: a plausible header size and a brace.
  package static func recognizes(_ source: any ByteSource) -> Bool {
    guard let start = try? source.bytes(at: 0, count: min(9, source.byteCount)), start.count == 9 else {
      return false
    }
    let size = start[..<8].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    return size >= 2 && size <= UInt64(headerLimit) && size <= UInt64(source.byteCount - 8)
      && start[8] == UInt8(ascii: "{")
  }

  package init(_ source: any ByteSource, limits: ParseLimits = ParseLimits()) throws(ParseFailure) {
    var reader = try ByteReader(source)
    let claimed: UInt64 = try reader.read()
    guard claimed <= UInt64(Self.headerLimit) else {
      throw ParseFailure(
        .invalid("a safetensors header of \(claimed) bytes, where \(Self.headerLimit) are allowed"), at: 0)
    }
    let header = try reader.bytes(claimed)
    guard header.first == UInt8(ascii: "{") else {
      throw ParseFailure(.invalid("a safetensors header that does not start with {"), at: 8)
    }
    let members = try JSONValue.parse(header, baseOffset: 8).members ?? []
    try limits.check(.tensors, members.count, at: 8)
    self.source = source
    dataOffset = reader.offset

    let layout = SafetensorsHeader(
      dataCount: source.byteCount - dataOffset, dataOffset: dataOffset, limits: limits)
    var metadata = OrderedStrings()
    var tensors: [Entry] = []
    var index: [String: Int] = [:]
    for member in members {
      if member.key == "__metadata__" {
        metadata = try layout.metadata(member.value)
      } else {
        index[member.key] = tensors.count
        tensors.append(try layout.entry(member))
      }
    }
    try layout.requireCoverage(tensors)
    self.metadata = metadata
    self.tensors = tensors
    self.index = index
  }

  package subscript(name: String) -> Entry? { index[name].map { tensors[$0] } }
}

// MARK: - Values

extension SafetensorsFile {
  /// All bytes of one tensor: contiguous, row-major, little-endian.
  package func bytes(of entry: Entry) throws(ParseFailure) -> [UInt8] {
    try source.bytes(at: entry.range.lowerBound, count: entry.range.count)
  }

  /// The bytes of one tensor in pieces of at most 4 MiB.
  package func forEachWindow(of entry: Entry, _ body: ([UInt8]) throws -> Void) throws {
    var offset = entry.range.lowerBound
    while offset < entry.range.upperBound {
      let count = min(Self.windowBytes, entry.range.upperBound - offset)
      try body(try source.bytes(at: offset, count: count))
      offset += count
    }
  }

  /// The bytes of one tensor, unread.
  package func source(of entry: Entry) throws(ParseFailure) -> any ByteSource {
    try SubSource(source, at: entry.range.lowerBound, count: entry.range.count)
  }

  package func data(of entry: Entry) throws(ParseFailure) -> TensorData {
    try TensorData(type: entry.type, shape: entry.shape, bytes: bytes(of: entry))
  }

  /// The values as ``TensorData/floats()`` gives them.
  package func floats(of entry: Entry) throws(ParseFailure) -> [Float] {
    try ElementCoding.floats(bytes(of: entry), entry.type)
  }

  /// The values as ``TensorData/doubles()`` gives them.
  package func doubles(of entry: Entry) throws(ParseFailure) -> [Double] {
    try ElementCoding.doubles(bytes(of: entry), entry.type)
  }
}
