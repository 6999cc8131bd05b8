internal import CZlib
internal import SWTBytes

/// Inflates a raw deflate stream, as zip stores it, into memory.
enum RawInflate {
  /// Deflate cannot compress by more than a factor of 1032.
  static let ratioLimit = 1032

  /// - Throws: ``ParseFailure`` if the stream is damaged or does not inflate to exactly `byteCount` bytes.
  static func unpack(_ packed: [UInt8], byteCount: Int) throws(ParseFailure) -> [UInt8] {
    guard byteCount / ratioLimit <= packed.count else {
      throw ParseFailure(.invalid("\(packed.count) deflated bytes cannot inflate to \(byteCount)"))
    }
    // zlib's counts have 32 bits.
    guard packed.count <= 1 << 31, byteCount < 1 << 31 else {
      throw ParseFailure(.unsupported("a deflated array of more than 2 GiB"))
    }
    var stream = unsafe z_stream()
    guard unsafe inflateInit2_(&stream, -15, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
      throw ParseFailure(.unsupported("zlib did not start"))
    }
    defer { unsafe inflateEnd(&stream) }
    var input = packed
    // One byte more than claimed, so that a longer stream is detected.
    var output = [UInt8](repeating: 0, count: byteCount + 1)
    let (code, left) = unsafe input.withUnsafeMutableBufferPointer { source in
      unsafe output.withUnsafeMutableBufferPointer { target in
        unsafe stream.next_in = source.baseAddress
        unsafe stream.avail_in = UInt32(source.count)
        unsafe stream.next_out = target.baseAddress
        unsafe stream.avail_out = UInt32(target.count)
        let code = unsafe inflate(&stream, Z_FINISH)
        return unsafe (code, Int(stream.avail_out))
      }
    }
    guard code == Z_STREAM_END else { throw ParseFailure(.invalid("its deflated data is damaged")) }
    guard left == 1 else {
      throw ParseFailure(
        .invalid("it inflates to \(byteCount + 1 - left) bytes, not to the \(byteCount) stated"))
    }
    output.removeLast()
    return output
  }
}
