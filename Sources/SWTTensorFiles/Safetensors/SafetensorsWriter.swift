package import SWTBytes
package import SWTTensors

/// Receives the bytes of a file in order, in pieces.
package typealias ByteSink = ([UInt8]) throws -> Void

/// Writes safetensors files; the same input gives the same bytes.
package struct SafetensorsWriter: Sendable {
  /// A tensor to write.
  package struct Tensor: Sendable {
    package let name: String
    package let type: ScalarType
    package let shape: [Int]
    /// Passes all bytes (contiguous, row-major, little-endian) to the sink, in pieces of any size.
    package let provide: @Sendable (ByteSink) throws -> Void

    package init(
      name: String, type: ScalarType, shape: [Int], provide: @escaping @Sendable (ByteSink) throws -> Void
    ) {
      self.name = name
      self.type = type
      self.shape = shape
      self.provide = provide
    }

    package init(name: String, _ data: TensorData) {
      self.init(name: name, type: data.type, shape: data.shape) { sink in try sink(data.bytes) }
    }
  }

  /// The order of the tensors in the file.
  package enum Order: Sendable {
    /// The official library's: by descending alignment of the dtype, then bytewise by name.
    case sorted
    /// The order given.
    case given
  }

  /// Whether safetensors has a dtype for a type.
  package static func holds(_ type: ScalarType) -> Bool { SafetensorsType(type) != nil }

  private let header: [UInt8]
  private let tensors: [(tensor: Tensor, byteCount: Int)]

  /// Determines the layout of the file.
  ///
  /// - Throws: ``ParseFailure`` `.unsupported` for a type that safetensors lacks, `.invalid` for two tensors
  ///   with the same name.
  package init(
    metadata: OrderedStrings = OrderedStrings(), tensors: [Tensor], order: Order = .sorted
  ) throws(ParseFailure) {
    var members: [JSONMember] = []
    if !metadata.isEmpty {
      members.append(
        JSONMember("__metadata__", .object(metadata.pairs.map { JSONMember($0.key, .string($0.value)) })))
    }
    var end = 0
    var sized: [(Tensor, Int)] = []
    for (tensor, type) in try Self.planned(tensors, order) {
      let count = try Checked.multiply(
        try Checked.product(tensor.shape, "element count"), tensor.type.byteWidth, "tensor size")
      let start = end
      end = try Checked.add(end, count, "file size")
      var shape = tensor.shape
      if type.packing > 1, let last = shape.last { shape[shape.count - 1] = last * type.packing }
      members.append(
        JSONMember(
          tensor.name,
          [
            "dtype": .string(type.rawValue), "shape": .array(shape.map { .int($0) }),
            "data_offsets": [.int(start), .int(end)],
          ]))
      sized.append((tensor, count))
    }
    var text = Array(JSONValue.object(members).text().utf8)
    // Padding with spaces to a multiple of 8 keeps the data aligned, as the format recommends.
    text += repeatElement(0x20, count: (8 - text.count % 8) % 8)
    guard text.count <= SafetensorsFile.headerLimit else {
      throw ParseFailure(.unsupported("a safetensors header of \(text.count) bytes"))
    }
    var header: [UInt8] = []
    ElementCoding.append(UInt64(text.count), to: &header)
    self.header = header + text
    self.tensors = sized
  }

  private static func planned(
    _ tensors: [Tensor], _ order: Order
  ) throws(ParseFailure) -> [(tensor: Tensor, type: SafetensorsType)] {
    var planned: [(tensor: Tensor, type: SafetensorsType)] = []
    var names: Set<ExactString> = [ExactString("__metadata__")]
    for tensor in tensors {
      guard let type = SafetensorsType(tensor.type) else {
        throw ParseFailure(
          .unsupported("safetensors has no dtype for \(tensor.type.rawValue)"), in: ["tensor \(tensor.name)"])
      }
      guard names.insert(ExactString(tensor.name)).inserted else {
        throw ParseFailure(.invalid("this name is already in use"), in: ["tensor \(tensor.name)"])
      }
      planned.append((tensor, type))
    }
    guard case .sorted = order else { return planned }
    return planned.sorted { a, b in
      a.type == b.type
        ? a.tensor.name.utf8.lexicographicallyPrecedes(b.tensor.name.utf8) : a.type.rank > b.type.rank
    }
  }

  /// Writes the file to `sink`, piece by piece.
  ///
  /// - Throws: Whatever the sink or a provider throws, and ``ParseFailure`` if a provider gives more or fewer
  ///   bytes than its shape needs.
  package func write(to sink: ByteSink) throws {
    try sink(header)
    for (tensor, byteCount) in tensors {
      var written = 0
      try tensor.provide { piece in
        written += piece.count
        guard written <= byteCount else { throw Self.wrongCount(tensor, byteCount, written) }
        if !piece.isEmpty { try sink(piece) }
      }
      guard written == byteCount else { throw Self.wrongCount(tensor, byteCount, written) }
    }
  }

  /// The whole file.
  package func bytes() throws -> [UInt8] {
    var all: [UInt8] = []
    try write { piece in all += piece }
    return all
  }

  private static func wrongCount(_ tensor: Tensor, _ expected: Int, _ actual: Int) -> ParseFailure {
    ParseFailure(
      .invalid("\(actual) bytes were provided; the shape needs \(expected)"), in: ["tensor \(tensor.name)"])
  }
}
