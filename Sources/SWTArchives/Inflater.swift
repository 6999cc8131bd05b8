internal import CZlib
package import SWTBytes

/// Unpacks deflate streams with zlib, in pieces, and never past a bound.
@safe package final class Inflater {
  /// What stands around the deflate stream.
  package enum Wrapping: Int32 {
    /// Nothing: entries of zip archives.
    case none = -15
    /// A gzip header, and behind the stream its CRC-32 and length, which zlib checks.
    case gzip = 31
  }

  private static let pieceSize = 1 << 18

  private var stream = unsafe z_stream()
  private var output = [UInt8](repeating: 0, count: Inflater.pieceSize)

  package init(_ wrapping: Wrapping) throws(ParseFailure) {
    let code = unsafe inflateInit2_(
      &stream, wrapping.rawValue, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
    guard code == Z_OK else { throw ParseFailure(.unsupported("zlib did not start")) }
  }

  deinit { unsafe inflateEnd(&stream) }

  /// Unpacks one stream that starts at `offset`, which is then the byte behind it.
  ///
  /// `receive` takes the first `count` bytes of each piece; what it throws ends the work.
  ///
  /// - Throws: ``ParseFailure`` for damaged data and for a stream without an end.
  package func unpack(
    _ packed: any ByteSource, at offset: inout Int,
    _ receive: ([UInt8], _ count: Int) throws(ParseFailure) -> Void
  ) throws(ParseFailure) {
    guard unsafe inflateReset(&stream) == Z_OK else { throw ParseFailure(.unsupported("zlib did not start")) }
    while true {
      let count = min(Self.pieceSize, packed.byteCount - offset)
      guard count > 0 else {
        throw ParseFailure(
          .truncated(needed: 1, available: 0), at: offset, in: ["deflated data"],
          hint: "the file is damaged or its download was not finished")
      }
      var input = try packed.bytes(at: offset, count: count)
      var used = 0
      while used < count {
        let (code, produced, remaining) = step(&input, used, count - used)
        guard code == Z_OK || code == Z_STREAM_END || code == Z_BUF_ERROR else {
          throw ParseFailure(.invalid("the deflated data is damaged"), at: offset)
        }
        if produced > 0 { try receive(output, produced) }
        let consumed = count - used - remaining
        used += consumed
        offset += consumed
        if code == Z_STREAM_END { return }
        // Neither taken nor given: zlib wants more input than this piece has.
        if consumed == 0, produced == 0 { break }
      }
    }
  }

  /// One call of zlib over a part of the input and all of the output buffer.
  private func step(
    _ input: inout [UInt8], _ from: Int, _ count: Int
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

extension Inflater {
  /// The unpacked bytes of a zip entry: made when first asked for, and only as far as the directory said.
  package static func entry(
    _ packed: any ByteSource, byteCount: Int, name: String, limits: ParseLimits
  ) throws(ParseFailure) -> any ByteSource {
    try limits.check(.inflatedBytes, byteCount)
    return LazySource(byteCount: byteCount) { () throws(ParseFailure) in
      do throws(ParseFailure) {
        var sink = SpillSink()
        var offset = 0
        try Inflater(.none).unpack(packed, at: &offset) { (piece, count) throws(ParseFailure) in
          guard count <= byteCount - sink.count else {
            throw ParseFailure(.invalid("it unpacks to more than the \(byteCount) bytes it claims"))
          }
          try sink.append(piece, count)
        }
        guard sink.count == byteCount else {
          throw ParseFailure(.invalid("it unpacks to \(sink.count) bytes, not the \(byteCount) it claims"))
        }
        return try sink.finish()
      } catch {
        throw error.inside("entry \(name)")
      }
    }
  }

  /// The unpacked bytes of a gzip file, whose members follow each other.
  ///
  /// - Throws: ``ParseFailure`` for damaged data, a wrong CRC-32, and more bytes than `inflated-bytes`.
  package static func gzip(_ file: any ByteSource, limits: ParseLimits) throws(ParseFailure) -> any ByteSource
  {
    let maximum = limits[.inflatedBytes]
    let inflater = try Inflater(.gzip)
    var sink = SpillSink()
    var offset = 0
    repeat {
      try inflater.unpack(file, at: &offset) { (piece, count) throws(ParseFailure) in
        guard UInt64(sink.count + count) <= maximum else {
          throw ParseLimits.failure(.inflatedBytes, sink.count + count, maximum)
        }
        try sink.append(piece, count)
      }
      // Behind the last member there may be padding, which gzip ignores too.
    } while try file.starts(with: FileMagic.gzip, at: offset)
    return try sink.finish()
  }
}
