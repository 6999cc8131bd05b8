package import SWTBytes
package import SWTTensors

/// A safetensors file: names, types and offsets of its tensors, read without their values.
///
/// The layout is `u64 header size; JSON header; data`. Opening checks everything that the official library
/// requires: tensors lie back to back, in some order, from the first byte of the data to the last, and the
/// size of each matches its type and shape. So nothing can hide between tensors, and no two share bytes.
package struct SafetensorsFile: Sendable {
  /// One tensor of the file.
  package struct Entry: Equatable, Sendable {
    package let name: String
    package let type: ScalarType
    /// In PyTorch's elements: two packed 4-bit floats count as one.
    package let shape: [Int]
    /// Offsets of its bytes in the file.
    package let range: Range<Int>

    package var byteCount: Int { range.count }
    package var elementCount: Int { range.count / type.byteWidth }
  }

  /// `__metadata__`, in file order.
  package let metadata: OrderedStrings
  /// The tensors, in header order.
  package let tensors: [Entry]
  /// Offset of the first byte after the header.
  package let dataOffset: Int

  /// Tensors whose elements PyTorch has no type for.
  package let foreign: [Foreign]

  /// A tensor that cannot be read as one of PyTorch's.
  package struct Foreign: Sendable {
    package let name: String
    /// Why, as a clause.
    package let reason: String
    let range: Range<Int>
  }

  private let source: any ByteSource
  private let index: [ExactString: Int]

  /// Maximum header size, the same as in the official library.
  package static let headerLimit = 100_000_000
  /// Size in bytes of the windows of ``forEachWindow(of:_:)``.
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
        .invalid("a safetensors header of \(claimed) bytes; the limit is \(Self.headerLimit)"), at: 0)
    }
    let header = try reader.bytes(Int(claimed))
    guard header.first == UInt8(ascii: "{") else {
      throw ParseFailure(.invalid("the safetensors header does not start with {"), at: 8)
    }
    let members = try JSONValue.parse(header, baseOffset: 8).members ?? []
    try limits.check(.tensors, members.count, at: 8)
    self.source = source
    dataOffset = reader.offset

    let layout = SafetensorsHeader(
      dataCount: source.byteCount - dataOffset, dataOffset: dataOffset, limits: limits)
    var metadata = OrderedStrings()
    var tensors: [Entry] = []
    var index: [ExactString: Int] = [:]
    var foreign: [Foreign] = []
    for member in members {
      if member.key == "__metadata__" {
        metadata = try layout.metadata(member.value)
        continue
      }
      switch try layout.entry(member) {
      case .tensor(let entry):
        index[ExactString(member.key)] = tensors.count
        tensors.append(entry)
      case .foreign(let entry): foreign.append(entry)
      }
    }
    try layout.requireCoverage(tensors.map { ($0.name, $0.range) } + foreign.map { ($0.name, $0.range) })
    self.foreign = foreign
    self.metadata = metadata
    self.tensors = tensors
    self.index = index
  }

  package subscript(name: String) -> Entry? { index[ExactString(name)].map { tensors[$0] } }
}

// MARK: - Values

extension SafetensorsFile {
  /// All bytes of a tensor: contiguous, row-major, little-endian.
  package func bytes(of entry: Entry) throws(ParseFailure) -> [UInt8] {
    try source.bytes(at: entry.range.lowerBound, count: entry.range.count)
  }

  /// Calls `body` with the bytes of a tensor, in windows of at most 4 MiB.
  package func forEachWindow(of entry: Entry, _ body: ([UInt8]) throws -> Void) throws {
    var offset = entry.range.lowerBound
    while offset < entry.range.upperBound {
      let count = min(Self.windowBytes, entry.range.upperBound - offset)
      try body(try source.bytes(at: offset, count: count))
      offset += count
    }
  }

  /// The bytes of a tensor, not yet read.
  package func source(of entry: Entry) throws(ParseFailure) -> any ByteSource {
    try SubSource(source, at: entry.range.lowerBound, count: entry.range.count)
  }

  package func data(of entry: Entry) throws(ParseFailure) -> TensorData {
    try TensorData(type: entry.type, shape: entry.shape, bytes: bytes(of: entry))
  }

  /// The values, like ``TensorData/floats()``.
  package func floats(of entry: Entry) throws(ParseFailure) -> [Float] {
    try ElementCoding.floats(bytes(of: entry), entry.type)
  }

  /// The values, like ``TensorData/doubles()``.
  package func doubles(of entry: Entry) throws(ParseFailure) -> [Double] {
    try ElementCoding.doubles(bytes(of: entry), entry.type)
  }
}
