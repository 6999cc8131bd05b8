internal import SWTPlatform

/// A failed system call, by name and `errno`.
public struct SystemFailure: Error, Hashable, Sendable {
  /// The call that failed, such as `open` or `rename`.
  public var call: String
  /// The `errno` it left.
  public var code: CInt

  /// A failure of `call` with the `errno` that it left.
  public init(call: String, code: CInt) {
    self.call = call
    self.code = code
  }

  /// Captures `errno` for the call that just failed.
  package static func last(_ call: String) -> SystemFailure {
    SystemFailure(call: call, code: errno)
  }

  /// True when the file, or a folder on the way to it, does not exist.
  package var isMissing: Bool { code == ENOENT || code == ENOTDIR }
}

extension SystemFailure: CustomStringConvertible {
  public var description: String {
    var buffer = [CChar](repeating: 0, count: 256)
    let text: String = unsafe buffer.withUnsafeMutableBufferPointer { storage in
      guard let base = storage.baseAddress, unsafe strerror_r(code, base, storage.count) == 0
      else { return "error \(code)" }
      return unsafe String(cString: base)
    }
    return "\(call): \(text)"
  }
}
