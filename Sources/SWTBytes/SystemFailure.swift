internal import SWTPlatform

/// A failed system call, by name and `errno`.
public struct SystemFailure: Error, Hashable, Sendable {
  /// The call that failed, such as `open` or `rename`.
  public var call: String
  /// The `errno` of the call.
  public var code: CInt

  /// Creates a failure of `call` with that `errno`.
  public init(call: String, code: CInt) {
    self.call = call
    self.code = code
  }

  /// A failure of the call that just returned, with the current `errno`.
  package static func last(_ call: String) -> SystemFailure {
    SystemFailure(call: call, code: errno)
  }

  /// Whether the file, or a folder in its path, does not exist.
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
