internal import PthReader
internal import SWTBytes
internal import SWTChecksums
internal import SWTDigests
internal import Synchronization

#if canImport(Darwin)
  internal import Darwin
#elseif canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#endif

/// The first pass over a source: the digest of the file and of every tensor, and every checksum it states.
enum SourceScan {
  struct Result {
    var file: SHA256Digest
    /// In the order of the entries.
    var tensors: [SHA256Digest]
  }

  static func run(
    _ path: String, _ entries: [TensorEntry], limits: ParseLimits
  ) throws -> Result {
    // The file's digest does not depend on the tensors': it has a thread of its own.
    let fileDigest = BackgroundDigest(path)
    var checked: Set<ObjectIdentifier> = []
    var tensors: [SHA256Digest] = []
    for entry in entries {
      if checked.insert(ObjectIdentifier(entry.storage)).inserted { try entry.storage.requireChecksum() }
      let digest = SystemDigests().makeSHA256()
      try entry.forEachWindow(limits: limits) { (window: [UInt8]) throws(Never) in digest.update(window) }
      tensors.append(digest.finalize())
    }
    return Result(file: try fileDigest.wait(), tensors: tensors)
  }
}

/// SHA-256 of a whole file, computed beside other work.
final class BackgroundDigest: Sendable {
  private let path: String
  private let result = Mutex<Swift.Result<SHA256Digest, ParseFailure>?>(nil)
  private let thread: Mutex<pthread_t?>

  init(_ path: String) {
    self.path = path
    thread = Mutex(nil)
    #if canImport(Darwin)
      var made: pthread_t?
    #else
      var made = pthread_t()
    #endif
    let context = unsafe Unmanaged.passRetained(self).toOpaque()
    let code = unsafe pthread_create(
      &made, nil,
      { context in
        #if canImport(Darwin)
          let opaque: UnsafeMutableRawPointer? = unsafe context
        #else
          let opaque = unsafe context
        #endif
        if let opaque = unsafe opaque {
          unsafe Unmanaged<BackgroundDigest>.fromOpaque(opaque).takeRetainedValue().run()
        }
        return nil
      }, context)
    if code == 0 {
      thread.withLock { $0 = made }
    } else {
      // No thread to be had: do it here.
      unsafe Unmanaged<BackgroundDigest>.fromOpaque(context).release()
      run()
    }
  }

  private func run() {
    let computed: Swift.Result<SHA256Digest, ParseFailure>
    do throws(ParseFailure) {
      computed = .success(try Self.digest(path))
    } catch {
      computed = .failure(error)
    }
    result.withLock { $0 = computed }
  }

  static func digest(_ path: String) throws(ParseFailure) -> SHA256Digest {
    let source = try FileSource(path: path)
    let digest = SystemDigests().makeSHA256()
    var offset = 0
    while offset < source.byteCount {
      let window = try source.bytes(at: offset, count: min(1 << 20, source.byteCount - offset))
      digest.update(window)
      offset += window.count
    }
    return digest.finalize()
  }

  func wait() throws(ParseFailure) -> SHA256Digest {
    if let thread = thread.withLock({ $0.take() }) { _ = unsafe pthread_join(thread, nil) }
    guard let result = result.withLock({ $0 }) else {
      throw ParseFailure(.unsupported("the digest of the file was not computed"))
    }
    return try result.get()
  }
}
