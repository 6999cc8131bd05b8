internal import SWT
internal import SWTC
internal import SWTPlatform
internal import Synchronization

/// What a `p2s_file *` points to: an open file, and the names that C holds pointers to.
///
/// `@unchecked Sendable` because the strings never change and live as long as the handle.
@safe
final class Handle: @unchecked Sendable {
  let file: SWTFile
  /// Address of the NUL-terminated name of each tensor requested so far, by index.
  private let names: Mutex<[Int: UInt]> = Mutex([:])

  init(_ file: SWTFile) { self.file = file }

  deinit {
    names.withLock { names in
      for address in names.values { unsafe free(UnsafeMutableRawPointer(bitPattern: address)) }
    }
  }

  /// A NUL-terminated copy of the tensor's name, made once and valid as long as this object lives.
  func name(_ info: TensorInfo) -> UnsafePointer<CChar>? {
    let address = names.withLock { names in
      if let known = names[info.index] { return known }
      let copy = unsafe UInt(bitPattern: strdup(info.name))
      names[info.index] = copy
      return copy
    }
    return unsafe UnsafePointer(bitPattern: address)
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
