internal import PthReader
internal import SWTTensors

/// What a `p2s_pth *` points to: an open file, and memory that C has pointers to.
///
/// `@unchecked Sendable` because the memory never changes and lives as long as the handle.
@safe
final class Handle: @unchecked Sendable {
  let file: PthFile
  /// The names of all tensors, then those of their types, each terminated by 0.
  private let texts: UnsafeMutableBufferPointer<CChar>
  /// The sizes of all dimensions.
  private let dimensions: UnsafeMutableBufferPointer<Int64>
  /// Per tensor, where its name, its type and its dimensions start.
  private let places: [(name: Int, type: Int, dimensions: Int)]

  init(_ file: PthFile) {
    self.file = file
    var texts: [UInt8] = []
    var dimensions: [Int64] = []
    var types: [ScalarType: Int] = [:]
    func put(_ text: String) -> Int {
      let start = texts.count
      texts += text.utf8
      texts.append(0)
      return start
    }
    var places: [(name: Int, type: Int, dimensions: Int)] = []
    for tensor in file.tensors {
      let type = types[tensor.scalarType] ?? put(tensor.scalarType.rawValue)
      types[tensor.scalarType] = type
      places.append((put(tensor.name), type, dimensions.count))
      for size in tensor.shape { dimensions.append(Int64(size)) }
    }
    self.places = places
    unsafe self.texts = .allocate(capacity: texts.count)
    unsafe self.dimensions = .allocate(capacity: dimensions.count)
    unsafe texts.withUnsafeBytes { unsafe UnsafeMutableRawBufferPointer(self.texts).copyMemory(from: $0) }
    _ = unsafe self.dimensions.initialize(from: dimensions)
  }

  deinit {
    unsafe texts.deallocate()
    unsafe dimensions.deallocate()
  }

  /// Pointers to the name, the type and the dimensions of a tensor; valid as long as this object lives.
  func pointers(_ index: Int) -> (
    name: UnsafePointer<CChar>?, type: UnsafePointer<CChar>?, dimensions: UnsafePointer<Int64>?
  ) {
    let place = places[index]
    let sizes = unsafe dimensions.baseAddress.map { unsafe UnsafePointer($0 + place.dimensions) }
    return unsafe (
      texts.baseAddress.map { unsafe UnsafePointer($0 + place.name) },
      texts.baseAddress.map { unsafe UnsafePointer($0 + place.type) },
      file.tensors[index].shape.isEmpty ? nil : sizes
    )
  }

  /// A pointer that keeps this object alive until ``release(_:)``.
  func retained() -> OpaquePointer { unsafe OpaquePointer(Unmanaged.passRetained(self).toOpaque()) }

  static func release(_ pointer: OpaquePointer) {
    unsafe Unmanaged<Handle>.fromOpaque(UnsafeRawPointer(pointer)).release()
  }

  /// The object that a pointer from ``retained()`` refers to.
  static func of(_ pointer: OpaquePointer) -> Handle {
    unsafe Unmanaged<Handle>.fromOpaque(UnsafeRawPointer(pointer)).takeUnretainedValue()
  }
}
