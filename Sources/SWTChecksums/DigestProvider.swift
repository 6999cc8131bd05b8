/// Makes SHA-256 computations, so that the file format needs no particular cryptography library.
///
/// `SWTDigests` provides one backed by the system's library; an application may wrap its own.
public protocol DigestProvider: Sendable {
  /// A new, empty computation.
  func makeSHA256() -> any RunningDigest
}

/// A SHA-256 computation in progress.
///
/// - Note: Use it from one thread at a time.
public protocol RunningDigest: AnyObject {
  /// Adds bytes.
  func update(_ bytes: RawSpan)
  /// The digest of all bytes added. Call it once, last.
  func finalize() -> SHA256Digest
}

extension DigestProvider {
  /// The digest of a whole buffer.
  package func sha256(_ bytes: RawSpan) -> SHA256Digest {
    let running = makeSHA256()
    running.update(bytes)
    return running.finalize()
  }

  /// The digest of an array.
  package func sha256(_ bytes: [UInt8]) -> SHA256Digest {
    ContiguousArray(bytes).withRawSpan { sha256($0) }
  }
}

extension ContiguousArray where Element == UInt8 {
  /// Calls `body` with the bytes; `Array.span` would need macOS 26.
  package func withRawSpan<R, E: Error>(_ body: (RawSpan) throws(E) -> R) throws(E) -> R {
    try unsafe body(span.bytes)
  }
}

extension RunningDigest {
  /// Adds an array.
  package func update(_ bytes: [UInt8]) {
    unsafe bytes.withUnsafeBytes { update(unsafe $0.bytes) }
  }
}
