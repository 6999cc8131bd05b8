internal import SWT
internal import SWTC
internal import SWTPlatform
internal import Synchronization

/// What a `p2s_file *` points to: an open file, and the names that C holds pointers to.
///
/// Unsafe on purpose, as everything that crosses to C: the strings are never freed before the handle, and never changed.
@safe
final class Handle: @unchecked Sendable {
  let file: SWTFile
  /// The name of each tensor that was asked for, with a 0 behind it.
  private let names: Mutex<[Int: UInt]> = Mutex([:])

  init(_ file: SWTFile) { self.file = file }

  deinit {
    names.withLock { names in
      for address in names.values { unsafe free(UnsafeMutableRawPointer(bitPattern: address)) }
    }
  }

  /// A pointer to the name, valid as long as this object lives; made once.
  func name(_ info: TensorInfo) -> UnsafePointer<CChar>? {
    let address = names.withLock { names in
      if let known = names[info.index] { return known }
      let copy = unsafe UInt(bitPattern: strdup(info.name))
      names[info.index] = copy
      return copy
    }
    return unsafe UnsafePointer(bitPattern: address)
  }

  /// A pointer that keeps it alive until ``release(_:)``.
  func retained() -> OpaquePointer { unsafe OpaquePointer(Unmanaged.passRetained(self).toOpaque()) }

  static func release(_ pointer: OpaquePointer) {
    unsafe Unmanaged<Handle>.fromOpaque(UnsafeRawPointer(pointer)).release()
  }

  /// The object behind a pointer that ``retained()`` made.
  static func of(_ pointer: OpaquePointer) -> Handle {
    unsafe Unmanaged<Handle>.fromOpaque(UnsafeRawPointer(pointer)).takeUnretainedValue()
  }
}
