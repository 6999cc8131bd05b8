internal import SWTPlatform

/// A temporary file without a name, which vanishes with the process, however that ends.
package final class TemporarySpill {
  private var descriptor: CInt

  /// Creates the file in `TMPDIR`, or in `/tmp`.
  package init() throws(ParseFailure) {
    let folder = unsafe getenv("TMPDIR").map { unsafe String(cString: $0) } ?? "/tmp"
    var template = Array("\(folder)/pth2swt-XXXXXX".utf8CString)
    descriptor = unsafe template.withUnsafeMutableBufferPointer { buffer in
      guard let base = buffer.baseAddress else { return -1 }
      let made = unsafe mkstemp(base)
      if made >= 0 { unsafe unlink(base) }
      return made
    }
    guard descriptor >= 0 else { throw ParseFailure(.system(.last("mkstemp"))) }
  }

  deinit { if descriptor >= 0 { _ = close(descriptor) } }

  /// Appends the first `count` bytes of `bytes`.
  package func append(_ bytes: [UInt8], _ count: Int) throws(ParseFailure) {
    var done = 0
    while done < count {
      let written = unsafe bytes.withUnsafeBytes { buffer in
        unsafe write(descriptor, buffer.baseAddress.map { unsafe $0 + done }, count - done)
      }
      if written < 0 {
        if errno == EINTR { continue }
        throw ParseFailure(.system(.last("write to a temporary file")))
      }
      done += written
    }
  }

  /// The bytes written so far; the returned source owns the file.
  package func finish() throws(ParseFailure) -> any ByteSource {
    let owned = descriptor
    descriptor = -1
    return try FileSource(owning: owned)
  }
}
