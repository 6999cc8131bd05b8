package import SWTBytes
internal import SWTPlatform

/// The descriptors that a process starts with: 0 for input, 1 for results, 2 for diagnostics.
package enum StandardStreams {
  /// Takes the place of those that are closed, before a file gets their number and what is printed lands in it.
  ///
  /// Input is then empty, diagnostics vanish, and writing results fails as on the closed descriptor.
  package static func reserve() {
    for descriptor in 0...2 as ClosedRange<CInt> where fcntl(descriptor, F_GETFD) == -1 && errno == EBADF {
      // The lowest free number, which is this one.
      _ = unsafe open("/dev/null", descriptor == 2 ? O_WRONLY : O_RDONLY)
    }
  }

  /// Writes all of `bytes`, and waits for a descriptor that does not block.
  ///
  /// - Returns: Why not all of them were written; nil when they were.
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

  /// Has the system report what it found out only after a write, such as a quota of a network's file system.
  package static func flush(_ descriptor: CInt) -> SystemFailure? {
    let copy = dup(descriptor)
    guard copy >= 0, close(copy) != 0, errno != EINTR else { return nil }
    return .last("close")
  }
}

/// The system's call, which the method of the same name hides.
private func systemWrite(_ descriptor: CInt, _ start: UnsafeRawPointer?, _ count: Int) -> Int {
  unsafe write(descriptor, start, count)
}
