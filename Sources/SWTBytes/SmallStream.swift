internal import SWTPlatform

/// Small inputs that are not files, such as keys from secret stores.
package enum SmallStream {
  /// The bytes of a pipe or device, up to its end, for small inputs such as keys; one byte beyond `limit` at most.
  ///
  /// A named pipe that no program has open for writing is empty: waiting for one could last forever.
  package static func bytes(_ path: String, limit: Int) throws(ParseFailure) -> [UInt8] {
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw ParseFailure(.system(.last("open"))) }
    defer { _ = close(descriptor) }
    var bytes: [UInt8] = []
    var window = [UInt8](repeating: 0, count: limit + 1)
    while bytes.count <= limit {
      let count = unsafe window.withUnsafeMutableBytes { raw in
        unsafe read(descriptor, raw.baseAddress, limit + 1 - bytes.count)
      }
      if count == 0 { break }
      if count > 0 {
        bytes += window[..<count]
      } else if errno == EAGAIN {
        var wait = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        _ = unsafe poll(&wait, 1, -1)
      } else if errno != EINTR {
        throw ParseFailure(.system(.last("read")))
      }
    }
    return bytes
  }
}
