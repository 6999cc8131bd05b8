internal import CZlib
internal import SWTBytes
internal import Synchronization

/// The unpacked bytes of a deflated entry.
///
/// Unpacked once, when first asked for, and only as far as the directory said: one byte more or less is an
/// error. Small entries stay in memory, larger ones go to an unlinked temporary file.
final class InflatedSource: ByteSource {
  private static let memoryLimit = 8 << 20

  private let packed: any ByteSource
  private let name: String
  let byteCount: Int
  private let unpacked = Mutex<(any ByteSource)?>(nil)

  init(_ packed: any ByteSource, byteCount: Int, name: String, limits: ParseLimits) throws(ParseFailure) {
    try limits.check(.inflatedBytes, byteCount)
    self.packed = packed
    self.byteCount = byteCount
    self.name = name
  }

  func read(at offset: Int, into destination: UnsafeMutableRawBufferPointer) throws(ParseFailure) {
    try requireRange(offset, destination.count)
    unsafe try source().read(at: offset, into: destination)
  }

  private func source() throws(ParseFailure) -> any ByteSource {
    let result: Result<any ByteSource, ParseFailure> = unpacked.withLock { current in
      if let current { return .success(current) }
      do throws(ParseFailure) {
        let made = try inflated()
        current = made
        return .success(made)
      } catch {
        return .failure(error.inside("entry \(name)"))
      }
    }
    return try result.get()
  }

  private func inflated() throws(ParseFailure) -> any ByteSource {
    var sink: any UnpackSink =
      byteCount <= Self.memoryLimit ? MemorySink() : try TemporarySink()
    var stream = unsafe z_stream()
    // Negative window bits: a raw deflate stream, as zip stores it.
    guard unsafe inflateInit2_(&stream, -15, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
      throw ParseFailure(.unsupported("zlib did not start"))
    }
    defer { unsafe inflateEnd(&stream) }
    var output = [UInt8](repeating: 0, count: 1 << 18)
    var total = 0
    var offset = 0
    var ended = false
    while !ended {
      let count = min(1 << 18, packed.byteCount - offset)
      guard count > 0 else { throw ParseFailure(.truncated(needed: byteCount, available: total)) }
      var input = try packed.bytes(at: offset, count: count)
      offset += count
      var left = count
      while left > 0, !ended {
        let (code, produced, remaining) = unsafe Self.step(&stream, &input, count - left, left, &output)
        guard code == Z_OK || code == Z_STREAM_END || code == Z_BUF_ERROR else {
          throw ParseFailure(.invalid("its deflated data is damaged"))
        }
        guard produced <= byteCount - total else {
          throw ParseFailure(.invalid("it unpacks to more than the \(byteCount) bytes it claims"))
        }
        try sink.append(output, produced)
        total += produced
        if code == Z_STREAM_END { ended = true }
        if code == Z_BUF_ERROR, produced == 0, remaining == left { break }
        left = remaining
      }
    }
    guard total == byteCount else {
      throw ParseFailure(.invalid("it unpacks to \(total) bytes, not the \(byteCount) it claims"))
    }
    return try sink.finish()
  }

  /// One call of zlib over a piece of input and all of the output buffer.
  private static func step(
    _ stream: inout z_stream, _ input: inout [UInt8], _ from: Int, _ count: Int, _ output: inout [UInt8]
  ) -> (code: Int32, produced: Int, remaining: Int) {
    unsafe input.withUnsafeMutableBufferPointer { source in
      unsafe output.withUnsafeMutableBufferPointer { target in
        unsafe stream.next_in = source.baseAddress.map { unsafe $0 + from }
        unsafe stream.avail_in = UInt32(count)
        unsafe stream.next_out = target.baseAddress
        unsafe stream.avail_out = UInt32(target.count)
        let code = unsafe inflate(&stream, Z_NO_FLUSH)
        return unsafe (code, target.count - Int(stream.avail_out), Int(stream.avail_in))
      }
    }
  }
}

/// Takes unpacked bytes and becomes a source of them.
private protocol UnpackSink {
  mutating func append(_ bytes: [UInt8], _ count: Int) throws(ParseFailure)
  mutating func finish() throws(ParseFailure) -> any ByteSource
}

private struct MemorySink: UnpackSink {
  private var all: [UInt8] = []

  mutating func append(_ bytes: [UInt8], _ count: Int) { all += bytes[..<count] }
  func finish() -> any ByteSource { MemorySource(all) }
}

private struct TemporarySink: UnpackSink {
  private let file: TemporarySpill

  init() throws(ParseFailure) { file = try TemporarySpill() }

  mutating func append(_ bytes: [UInt8], _ count: Int) throws(ParseFailure) {
    try file.append(bytes, count)
  }
  func finish() throws(ParseFailure) -> any ByteSource { try file.finish() }
}
