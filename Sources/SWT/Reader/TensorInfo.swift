/// The description of a tensor in a file.
public struct TensorInfo: Sendable {
  /// Position in data order; it identifies the tensor in this file.
  public let index: Int
  /// torchvision's state-dict name if the file has an architecture.
  public let name: String
  /// The type code in the file, even if ``dtype`` is nil.
  public let dtypeCode: UInt8
  /// Nil for a type defined by a newer version of the format; such a tensor cannot be viewed.
  public let dtype: SWTDType?
  /// Logical (PyTorch) shape.
  public let shape: [Int]
  /// The logical dimension at each physical position, outermost first; `[0, 1, 2, 3]` is row-major.
  public let dimOrder: [Int]
  /// Offset of the bytes in the file.
  public let dataOffset: Int
  /// Size in bytes.
  public let byteCount: Int
  /// CRC32C of the bytes.
  public let crc32c: UInt32
  /// Nil for a role defined by a newer version of the format.
  public let role: SWTRole?
  /// Index of the tensor whose bytes this one shares; nil unless it is an alias.
  public let aliasOf: Int?
  /// Index of its quantization record; nil unless it is quantized.
  public let quantization: Int?
  /// Whether the values were computed from several source tensors (BatchNorm folded in).
  public let isDerived: Bool
  /// All flag bits of the record, including ones defined by newer versions.
  public let flags: UInt8

  /// Product of the shape; 1 for a scalar.
  public var elementCount: Int { shape.reduce(1, &*) }
  /// Whether the physical order of dimensions is the logical one.
  public var isRowMajor: Bool { dimOrder == Array(0..<shape.count) }
  /// Distance in elements between neighbors along each logical dimension; saturates, which is possible only
  /// for empty tensors.
  public var strides: [Int] {
    var strides = [Int](repeating: 1, count: shape.count)
    var step = 1
    for dimension in dimOrder.reversed() {
      strides[dimension] = step
      let (product, overflow) = step.multipliedReportingOverflow(by: max(shape[dimension], 1))
      step = overflow ? Int.max : product
    }
    return strides
  }

  init(_ record: TensorRecord, index: Int, name: String) {
    self.index = index
    self.name = name
    dtypeCode = record.dtype
    dtype = SWTDType(rawValue: record.dtype)
    shape = record.shape
    dimOrder = (0..<record.rank).map { Int(record.dimOrder >> UInt32(4 * $0) & 15) }
    dataOffset = Int(record.dataOffset)
    byteCount = Int(record.dataLength)
    crc32c = record.crc
    role = SWTRole(rawValue: record.role)
    aliasOf = record.isAlias ? Int(record.link) : nil
    quantization = record.flags & RecordFlags.quantized != 0 ? Int(record.link) : nil
    isDerived = record.flags & RecordFlags.derived != 0
    flags = record.flags
  }
}

/// A tensor of an open file, borrowed without a copy.
public struct TensorView: Sendable {
  /// The description of the tensor.
  public let info: TensorInfo
  /// The type of its elements.
  public let dtype: SWTDType
  let file: SWTFile

  init(_ info: TensorInfo, dtype: SWTDType, file: SWTFile) {
    self.info = info
    self.dtype = dtype
    self.file = file
  }

  /// The tensor's name.
  public var name: String { info.name }
  /// Logical (PyTorch) shape.
  public var shape: [Int] { info.shape }
  /// Logical dimensions in physical order, outermost first.
  public var dimOrder: [Int] { info.dimOrder }

  /// The bytes, valid while this view is borrowed.
  public var bytes: RawSpan {
    @_lifetime(borrow self)
    get { unsafe _overrideLifetime(unsafeBytes.bytes, borrowing: self) }
  }

  /// Calls `body` with the bytes; up to 64 bytes beyond them may be read.
  ///
  /// - Throws: Whatever `body` throws.
  public func withUnsafeBytes<R, E: Error>(
    _ body: (UnsafeRawBufferPointer) throws(E) -> R
  ) throws(E) -> R {
    try unsafe body(unsafeBytes)
  }

  /// The bytes, valid as long as the ``SWTFile`` lives; the caller must keep it alive.
  @unsafe
  public var unsafeBytes: UnsafeRawBufferPointer {
    unsafe file.unsafeBytes(info.dataOffset..<info.dataOffset + info.byteCount)
  }
}
