package import SWTBytes
internal import SWTPlatform

/// The standard descriptors: 0 for input, 1 for results, 2 for diagnostics.
package enum StandardStreams {
  /// Opens those that are closed, so that no other file gets their number and then receives printed text.
  ///
  /// Input is then empty, diagnostics are discarded, and writing results fails as on the closed descriptor.
  package static func reserve() {
    for descriptor in 0...2 as ClosedRange<CInt> where fcntl(descriptor, F_GETFD) == -1 && errno == EBADF {
      // open() returns the lowest free number, which is this one.
      _ = unsafe open("/dev/null", descriptor == 2 ? O_WRONLY : O_RDONLY)
    }
  }

  /// Writes all of `bytes`, waiting if the descriptor is nonblocking and not ready.
  ///
  /// - Returns: Why not all of them were written; nil if they were.
  package static func write(_ bytes: [UInt8], to descriptor: CInt) -> SystemFailure? {
    var done = 0
    while done < bytes.count {
      let count = unsafe bytes.withUnsafeBytes { buffer in
        unsafe systemWrite(descriptor, buffer.baseAddress.map { unsafe $0 + done }, bytes.count - done)
      }
      if count >= 0 {
        done += count
      } else if errno == EAGAIN || errno == EWOULDBLOCK {
        var wait = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        guard unsafe poll(&wait, 1, -1) >= 0 || errno == EINTR else { return .last("write") }
      } else if errno != EINTR {
        return .last("write")
      }
    }
    return nil
  }

  /// Returns an error that the system reports only after a write, such as an exceeded quota on a network file
  /// system.
  package static func flush(_ descriptor: CInt) -> SystemFailure? {
    let copy = dup(descriptor)
    guard copy >= 0, close(copy) != 0, errno != EINTR else { return nil }
    return .last("close")
  }
}

/// The system call, which the method of the same name hides.
private func systemWrite(_ descriptor: CInt, _ start: UnsafeRawPointer?, _ count: Int) -> Int {
  unsafe write(descriptor, start, count)
}
