internal import SWTBytes
internal import SWTTensors

/// Sparse tensors, as the dense tensors that they consist of.
extension TensorDecoder {
  /// `_rebuild_sparse_tensor(layout, data)`: the component tensors, with PyTorch's names.
  ///
  /// TorchScript's C++ pickler writes `(layout, size, requires_grad, …parts)` instead.
  func sparse(_ arguments: Arguments, depth: Int) throws(ParseFailure) -> Decoded {
    if arguments.ids.count >= 4 { return try sparseOfTorchScript(arguments, depth: depth) }
    guard let object = arena.object(try arguments(0)),
      let name = arena.firstElement(object.arguments).flatMap({ arena.text($0) }),
      let data = arena.elements(try arguments(1))
    else { throw ParseFailure(.invalid("a sparse tensor has no layout")) }
    guard let layout = SparseDescription.Layout(rawValue: name) else {
      throw ParseFailure(.unsupported("sparse layout \(name)"))
    }
    let names = layout.componentNames
    guard data.count > names.count else {
      throw ParseFailure(.invalid("a sparse tensor has \(data.count) parts"))
    }
    var parts: [Part] = []
    for (id, name) in zip(data, names) {
      parts.append(Part(name: name, tensor: try component(id, name, depth: depth)))
    }
    var description = SparseDescription(layout: layout, size: try integers(data[names.count], "size"))
    if data.count > names.count + 1 { description.isCoalesced = arena.bool(data[names.count + 1]) }
    try description.validate(parts.map(\.tensor), limits: limits)
    return .tensors(parts, Extras(sparse: description))
  }

  /// The order of `torch/csrc/jit/serialization/pickler.cpp`: layout, size, requires_grad, then the parts.
  private func sparseOfTorchScript(
    _ arguments: Arguments, depth: Int
  ) throws(ParseFailure) -> Decoded {
    let size = try integers(try arguments(1), "size")
    // In c10::Layout 1 is COO and 2 is CSR.
    let layout: SparseDescription.Layout = arguments.ids.count == 5 ? .coo : .csr
    var parts: [Part] = []
    for (index, name) in layout.componentNames.enumerated() {
      parts.append(Part(name: name, tensor: try component(try arguments(3 + index), name, depth: depth)))
    }
    let description = SparseDescription(layout: layout, size: size)
    try description.validate(parts.map(\.tensor), limits: limits)
    return .tensors(parts, Extras(sparse: description))
  }
}

/// What the parts of a sparse tensor do not say.
public struct SparseDescription: Equatable, Sendable {
  /// PyTorch's layouts; the raw value is PyTorch's name.
  public enum Layout: String, Sendable {
    /// Coordinates: `indices` is `[sparse dimensions, elements]`.
    case coo = "torch.sparse_coo"
    /// Compressed rows: `crow_indices` and `col_indices`.
    case csr = "torch.sparse_csr"
    /// Compressed columns: `ccol_indices` and `row_indices`.
    case csc = "torch.sparse_csc"
    /// Compressed rows of dense blocks.
    case bsr = "torch.sparse_bsr"
    /// Compressed columns of dense blocks.
    case bsc = "torch.sparse_bsc"

    /// The names of the parts, in pickling order.
    var componentNames: [String] {
      switch self {
      case .coo: ["indices", "values"]
      case .csr, .bsr: ["crow_indices", "col_indices", "values"]
      case .csc, .bsc: ["ccol_indices", "row_indices", "values"]
      }
    }
  }

  /// The layout of the parts.
  public let layout: Layout
  /// Size of the dense tensor.
  public let size: [Int]
  /// Whether equal indices were added up; nil if the file does not say.
  public internal(set) var isCoalesced: Bool?

  /// Checks that every index is in range, as PyTorch does with `weights_only`.
  ///
  /// - Throws: ``ParseFailure`` if the parts do not fit together, or at the first index out of range.
  func validate(_ parts: [TensorEntry], limits: ParseLimits) throws(ParseFailure) {
    _ = try Checked.product(size, "size of a sparse tensor")
    switch layout {
    case .coo: try validateCOO(parts[0], parts[1], limits)
    case .csr, .bsr, .csc, .bsc: try validateCompressed(parts, limits)
    }
  }

  private func validateCOO(
    _ indices: TensorEntry, _ values: TensorEntry, _ limits: ParseLimits
  ) throws(ParseFailure) {
    guard indices.shape.count == 2, indices.scalarType == .int64 || indices.scalarType == .int32,
      indices.shape[0] <= size.count, values.shape.first == indices.shape[1],
      Array(values.shape.dropFirst()) == Array(size[indices.shape[0]...])
    else {
      throw ParseFailure(
        .invalid(
          "indices \(indices.shape) and values \(values.shape) do not fit a sparse tensor of size \(size)"))
    }
    let perRow = indices.shape[1]
    var position = 0
    try indices.forEachInteger(limits: limits) { index throws(ParseFailure) in
      let bound = size[position / perRow]
      guard index >= 0, index < bound else {
        throw ParseFailure(.invalid("sparse index \(index) is out of range 0..<\(bound)"))
      }
      position += 1
    }
  }

  private func validateCompressed(
    _ parts: [TensorEntry], _ limits: ParseLimits
  ) throws(ParseFailure) {
    let (pointers, plain, values) = (parts[0], parts[1], parts[2])
    let batch = pointers.shape.count - 1
    guard size.count >= 2, batch >= 0, plain.shape.count == batch + 1, values.shape.count > batch,
      pointers.shape.dropLast() == plain.shape.dropLast(),
      Array(values.shape[...batch]) == plain.shape, size.count >= batch + 2
    else {
      throw ParseFailure(
        .invalid("parts \(parts.map(\.shape)) do not fit a sparse tensor of size \(size)"))
    }
    let isBlocked = layout == .bsr || layout == .bsc
    guard !isBlocked || values.shape.count >= batch + 3 else {
      throw ParseFailure(.invalid("values \(values.shape) do not fit a block-sparse tensor"))
    }
    // Rows and columns of the sparse matrix, after the batch dimensions and before the dense ones.
    let rows = size[batch]
    let columns = size[batch + 1]
    let (blockRows, blockColumns) =
      isBlocked ? (values.shape[batch + 1], values.shape[batch + 2]) : (1, 1)
    guard blockRows > 0, blockColumns > 0, rows % blockRows == 0, columns % blockColumns == 0 else {
      throw ParseFailure(.invalid("blocks of \(blockRows) × \(blockColumns) do not fit \(size)"))
    }
    let isByRow = layout == .csr || layout == .bsr
    let lines = isByRow ? rows / blockRows : columns / blockColumns
    let bound = isByRow ? columns / blockColumns : rows / blockRows
    let stored = plain.shape[batch]
    guard pointers.shape[batch] == lines + 1 else {
      throw ParseFailure(.invalid("\(pointers.shape[batch]) pointers for \(lines) rows or columns"))
    }
    var position = 0
    var last = 0
    try pointers.forEachInteger(limits: limits) { pointer throws(ParseFailure) in
      let within = position % (lines + 1)
      let isValid =
        within == 0 ? pointer == 0 : pointer >= last && (within < lines || pointer == stored)
      guard isValid else { throw ParseFailure(.invalid("sparse pointer \(pointer) after \(last)")) }
      last = pointer
      position += 1
    }
    try plain.forEachInteger(limits: limits) { index throws(ParseFailure) in
      guard index >= 0, index < bound else {
        throw ParseFailure(.invalid("sparse index \(index) is out of range 0..<\(bound)"))
      }
    }
  }
}

extension TensorEntry {
  /// Reads the values of an int64 or int32 tensor in order.
  fileprivate func forEachInteger(
    limits: ParseLimits, _ body: (Int) throws(ParseFailure) -> Void
  ) throws(ParseFailure) {
    guard scalarType == .int64 || scalarType == .int32 else {
      throw ParseFailure(.invalid("sparse indices have type \(scalarType.rawValue)"))
    }
    let width = scalarType.byteWidth
    var windows = try TensorWindows(self, limits: limits)
    while let window = try windows.next() {
      for start in stride(from: 0, to: window.count - width + 1, by: width) {
        var bits: UInt64 = 0
        for i in (0..<width).reversed() { bits = bits << 8 | UInt64(window[start + i]) }
        try body(width == 8 ? Int(Int64(bitPattern: bits)) : Int(Int32(truncatingIfNeeded: bits)))
      }
    }
  }
}
