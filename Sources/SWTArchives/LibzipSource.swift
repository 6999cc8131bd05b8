#if Libzip && (os(Linux) || os(macOS))
  internal import CLibzip
  internal import SWTBytes
  internal import SWTPlatform

  /// Lets libzip read a ``ByteSource``, and records where it read.
  ///
  /// Used by one thread, within one call; libzip sees only the window of bytes that the source provides.
  @safe final class LibzipSource {
    private let source: any ByteSource
    private var position = 0
    private var error = unsafe zip_error_t()
    /// The reason why a read failed, if one did.
    private(set) var failure: ParseFailure?
    /// Offset of the first read since ``forgetReads()``.
    private(set) var firstRead: Int?

    init(_ source: any ByteSource) {
      self.source = source
      unsafe zip_error_init(&error)
    }

    deinit { unsafe zip_error_fini(&error) }

    func forgetReads() { firstRead = nil }

    /// A libzip source that reads through this object, and keeps it alive until libzip frees the source.
    func makeZipSource(_ error: inout zip_error_t) -> OpaquePointer? {
      let retained = unsafe Unmanaged.passRetained(self)
      let made = unsafe zip_source_function_create(
        { context, data, length, command in
          guard let context = unsafe context else { return -1 }
          let spy = unsafe Unmanaged<LibzipSource>.fromOpaque(context)
          if command == ZIP_SOURCE_FREE {
            unsafe spy.release()
            return 0
          }
          return unsafe spy.takeUnretainedValue().handle(command, data, length)
        }, retained.toOpaque(), &error)
      if unsafe made == nil { unsafe retained.release() }
      return unsafe made
    }

    private var statusSize: Int { unsafe MemoryLayout<zip_stat_t>.size }

    private func handle(
      _ command: zip_source_cmd_t, _ data: UnsafeMutableRawPointer?, _ length: UInt64
    ) -> Int64 {
      switch command {
      case ZIP_SOURCE_SUPPORTS:
        // One bit per command; `zip_source_make_command_bitmap` is variadic, so Swift cannot call it.
        return [
          ZIP_SOURCE_OPEN, ZIP_SOURCE_READ, ZIP_SOURCE_CLOSE, ZIP_SOURCE_STAT, ZIP_SOURCE_ERROR,
          ZIP_SOURCE_FREE, ZIP_SOURCE_SEEK, ZIP_SOURCE_TELL, ZIP_SOURCE_SUPPORTS,
        ].reduce(0) { $0 | 1 << Int64($1.rawValue) }
      case ZIP_SOURCE_OPEN:
        position = 0
        return 0
      case ZIP_SOURCE_CLOSE:
        return 0
      case ZIP_SOURCE_TELL:
        return Int64(position)
      case ZIP_SOURCE_SEEK:
        let target = unsafe zip_source_seek_compute_offset(
          UInt64(position), UInt64(source.byteCount), data, length, &error)
        guard target >= 0 else { return -1 }
        position = Int(target)
        return 0
      case ZIP_SOURCE_STAT:
        guard let data = unsafe data, length >= statusSize else { return -1 }
        let status = unsafe data.assumingMemoryBound(to: zip_stat_t.self)
        unsafe zip_stat_init(status)
        unsafe status.pointee.valid = UInt64(ZIP_STAT_SIZE)
        unsafe status.pointee.size = UInt64(source.byteCount)
        return Int64(statusSize)
      case ZIP_SOURCE_ERROR:
        return unsafe zip_error_to_data(&error, data, length)
      case ZIP_SOURCE_READ:
        return unsafe read(into: data, length)
      default:
        unsafe zip_error_set(&error, ZIP_ER_OPNOTSUPP, 0)
        return -1
      }
    }

    private func read(into data: UnsafeMutableRawPointer?, _ length: UInt64) -> Int64 {
      guard let data = unsafe data else { return -1 }
      let count = min(Int(clamping: length), source.byteCount - position)
      if firstRead == nil { firstRead = position }
      do throws(ParseFailure) {
        unsafe try source.read(
          at: position, into: UnsafeMutableRawBufferPointer(start: data, count: count))
      } catch {
        failure = error
        unsafe zip_error_set(&self.error, ZIP_ER_READ, EIO)
        return -1
      }
      position += count
      return Int64(count)
    }
  }
#endif
