/// What the file says about one tensor.
public struct TensorInfo: Sendable {
  /// Position in data order: the stable number of the tensor in this file.
  public let index: Int
  /// torchvision's state-dict name, where the file has an architecture.
  public let name: String
  /// The code in the file, also where ``dtype`` is nil.
  public let dtypeCode: UInt8
  /// Nil for a type that a newer version of the format defines; such a tensor cannot be viewed.
  public let dtype: SWTDType?
  /// Logical (PyTorch) shape.
  public let shape: [Int]
  /// The logical dimension at each physical position, outermost first; `[0, 1, 2, 3]` is row-major.
  public let dimOrder: [Int]
  /// Where the bytes lie in the file.
  public let dataOffset: Int
  /// How many bytes it has.
  public let byteCount: Int
  /// CRC32C of these bytes.
  public let crc32c: UInt32
  /// Nil for a role that a newer version of the format defines.
  public let role: SWTRole?
  /// The tensor whose bytes this one shares.
  public let aliasOf: Int?
  /// Index into the file's quantisation records.
  public let quantization: Int?
  /// True when the values were computed from several source tensors (BatchNorm folded in).
  public let isDerived: Bool
  /// All flag bits of the record, those of later versions included.
  public let flags: UInt8

  /// Product of the shape; 1 for a scalar.
  public var elementCount: Int { shape.reduce(1, &*) }
  /// Whether the logical order of dimensions is that of the bytes.
  public var isRowMajor: Bool { dimOrder == Array(0..<shape.count) }
  /// Elements between neighbours along each logical dimension; saturates, which only empty tensors can reach.
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

/// A tensor of an open file, borrowed: nothing is copied.
public struct TensorView: Sendable {
  /// What the file says about the tensor.
  public let info: TensorInfo
  /// The type of its elements.
  public let dtype: SWTDType
  let file: SWTFile

  init(_ info: TensorInfo, dtype: SWTDType, file: SWTFile) {
    self.info = info
    self.dtype = dtype
    self.file = file
  }

  /// Its name.
  public var name: String { info.name }
  /// Logical (PyTorch) shape.
  public var shape: [Int] { info.shape }
  /// Logical dimensions in physical order, outermost first.
  public var dimOrder: [Int] { info.dimOrder }

  /// The bytes, valid for as long as this view is borrowed.
  public var bytes: RawSpan {
    @_lifetime(borrow self)
    get { unsafe _overrideLifetime(unsafeBytes.bytes, borrowing: self) }
  }

  /// Calls `body` with the bytes; 64 more may be read after them.
  ///
  /// - Throws: What `body` throws.
  public func withUnsafeBytes<R, E: Error>(
    _ body: (UnsafeRawBufferPointer) throws(E) -> R
  ) throws(E) -> R {
    try unsafe body(unsafeBytes)
  }

  /// The bytes, valid for as long as the ``SWTFile`` lives, which the caller has to see to.
  @unsafe
  public var unsafeBytes: UnsafeRawBufferPointer {
    unsafe file.unsafeBytes(info.dataOffset..<info.dataOffset + info.byteCount)
  }
}
