internal import SWTBytes
internal import SWTChecksums
public import SWTTensors

/// Writes checkpoints that PyTorch reads: `torch.load(path, weights_only=True)` returns an `OrderedDict` of
/// tensors, in the order given.
///
/// ```swift
/// import PthWriter
///
/// let bias = PthWriter.Tensor(name: "fc.bias", shape: [2], floats: [0.5, -1])
/// try PthWriter.write([bias], to: "trained.pth")
/// ```
///
/// The file is a zip archive of stored entries, as `torch.save` writes since PyTorch 1.6: data starts at
/// multiples of 64 bytes, so `torch.load(mmap=True)` maps it. The same tensors give the same bytes. The file
/// appears under its name when it is complete and on disk.
public enum PthWriter {
  /// A tensor to write.
  public struct Tensor: Sendable {
    /// Its key in the dict.
    public let name: String
    /// Its PyTorch type.
    public let type: ScalarType
    /// Sizes of the dimensions, outermost first.
    public let shape: [Int]
    /// Steps of the dimensions in its data, in elements.
    let strides: [Int]
    /// Tensors with equal numbers share the data of the first of them; nil for data of its own.
    let sharing: Int?
    let provide: @Sendable ((RawSpan) throws -> Void) throws -> Void

    /// A tensor whose data is provided in pieces.
    ///
    /// `strides` are the steps of the dimensions in the data, row-major if nil; `provide` passes all
    /// little-endian bytes to its argument, in pieces of any size.
    package init(
      name: String, type: ScalarType, shape: [Int], strides: [Int]? = nil, sharing: Int? = nil,
      provide: @escaping @Sendable ((RawSpan) throws -> Void) throws -> Void
    ) {
      (self.name, self.type, self.shape) = (name, type, shape)
      self.strides = strides ?? StridedLayout.contiguousStrides(shape)
      self.sharing = sharing
      self.provide = provide
    }

    /// A tensor with row-major, little-endian bytes.
    public init(name: String, type: ScalarType, shape: [Int], bytes: [UInt8]) {
      self.init(name: name, type: type, shape: shape) { sink in
        try unsafe bytes.withUnsafeBytes { try sink(unsafe $0.bytes) }
      }
    }

    /// A float32 tensor with row-major values.
    public init(name: String, shape: [Int], floats: [Float]) {
      self.init(name: name, type: .float32, shape: shape, bytes: LittleEndian.bytes(floats.map(\.bitPattern)))
    }
  }

  /// Whether PyTorch has a type that a file can store: all except the quantized ones, whose integers can be
  /// stored as integers.
  public static func holds(_ type: ScalarType) -> Bool { TorchDtype(type) != nil }

  /// Writes tensors to `path`; an existing file is an error if `replacesExisting` is false.
  ///
  /// - Throws: ``/SWTBytes/WriteFailure`` if the file cannot be written, ``/SWTBytes/ParseFailure`` if two
  ///   tensors have one name, PyTorch has no such type, or the bytes do not match type and shape.
  /// - Returns: Size of the file in bytes.
  @discardableResult
  public static func write(
    _ tensors: [Tensor], to path: String, replacesExisting: Bool = true
  ) throws -> Int {
    let plan = try StoragePlan(tensors)
    let pickle = try TorchPickle.stateDict(tensors, plan)
    let file = try AtomicFile(path: path, replaceExisting: replacesExisting)
    var archive = StoredZip(file)
    try archive.add("archive/data.pkl", pickle)
    try archive.add("archive/byteorder", Array("little".utf8))
    for (key, storage) in plan.storages.enumerated() {
      try archive.add("archive/data/\(key)", byteCount: storage.byteCount) { sink in
        try tensors[storage.owner].provide(sink)
      }
    }
    try archive.add("archive/version", Array("3\n".utf8))
    try archive.finish()
    try file.commit()
    return file.position
  }
}

/// The storages of a file: one per tensor, except tensors that share one.
struct StoragePlan {
  struct Storage {
    /// Index of the first tensor that uses it.
    let owner: Int
    let elementCount: Int
    let byteCount: Int
  }

  private(set) var storages: [Storage] = []
  /// Per tensor, the index of its storage.
  private(set) var storageOf: [Int] = []

  init(_ tensors: [PthWriter.Tensor]) throws(ParseFailure) {
    var names: Set<ExactString> = []
    var shared: [Int: Int] = [:]
    for (index, tensor) in tensors.enumerated() {
      guard names.insert(ExactString(tensor.name)).inserted else {
        throw ParseFailure(.invalid("this name is already in use"), in: ["tensor \(tensor.name)"])
      }
      let count = try StridedLayout(shape: tensor.shape, strides: tensor.strides).elementCount
      guard let byteCount = tensor.type.byteCount(elements: count) else {
        throw ParseFailure(.invalid("its size overflows"), in: ["tensor \(tensor.name)"])
      }
      if let number = tensor.sharing, let storage = shared[number] {
        guard storages[storage].byteCount == byteCount else {
          throw ParseFailure(
            .invalid("it shares the data of a tensor of another size"), in: ["tensor \(tensor.name)"])
        }
        storageOf.append(storage)
        continue
      }
      if let number = tensor.sharing { shared[number] = storages.count }
      storageOf.append(storages.count)
      storages.append(Storage(owner: index, elementCount: count, byteCount: byteCount))
    }
  }
}
