internal import CZlib
package import SWTBytes

/// Inflates deflate streams with zlib, piece by piece, so a bound on the output can be enforced on the way.
@safe package final class Inflater {
  /// The framing of the deflate stream.
  package enum Wrapping: Int32 {
    /// None: entries of zip archives.
    case none = -15
    /// A gzip header before the stream, and a CRC-32 and length after it, which zlib checks.
    case gzip = 31
  }

  private static let pieceSize = 1 << 18

  private var stream = unsafe z_stream()
  private var output = [UInt8](repeating: 0, count: Inflater.pieceSize)

  package init(_ wrapping: Wrapping) throws(ParseFailure) {
    let code = unsafe inflateInit2_(
      &stream, wrapping.rawValue, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
    guard code == Z_OK else { throw ParseFailure(.unsupported("zlib could not be initialized")) }
  }

  deinit { unsafe inflateEnd(&stream) }

  /// Inflates the stream that starts at `offset` and moves `offset` to the byte after it.
  ///
  /// `receive` gets the output piece by piece, in the first `count` bytes of its array; an error that it
  /// throws ends the work.
  ///
  /// - Throws: ``ParseFailure`` for damaged or truncated data.
  package func unpack(
    _ packed: any ByteSource, at offset: inout Int,
    _ receive: ([UInt8], _ count: Int) throws(ParseFailure) -> Void
  ) throws(ParseFailure) {
    guard unsafe inflateReset(&stream) == Z_OK else {
      throw ParseFailure(.unsupported("zlib could not be initialized"))
    }
    while true {
      let count = min(Self.pieceSize, packed.byteCount - offset)
      guard count > 0 else {
        throw ParseFailure(
          .truncated(needed: 1, available: 0), at: offset, in: ["compressed data"],
          hint: "the file is damaged or its download was not finished")
      }
      var input = try packed.bytes(at: offset, count: count)
      var used = 0
      while used < count {
        let (code, produced, remaining) = step(&input, used, count - used)
        guard code == Z_OK || code == Z_STREAM_END || code == Z_BUF_ERROR else {
          throw ParseFailure(.invalid("the compressed data is damaged"), at: offset)
        }
        if produced > 0 { try receive(output, produced) }
        let consumed = count - used - remaining
        used += consumed
        offset += consumed
        if code == Z_STREAM_END { return }
        // No input consumed and no output produced: zlib wants more input than this piece has.
        if consumed == 0, produced == 0 { break }
      }
    }
  }

  /// Calls `inflate` once, over a part of the input and the whole output buffer.
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
  /// The inflated bytes of a zip entry, made on first use; at most `byteCount` bytes, the size in the
  /// directory.
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
            throw ParseFailure(
              .invalid("it inflates to more than the \(byteCount) bytes stated in the directory"))
          }
          try sink.append(piece, count)
        }
        guard sink.count == byteCount else {
          throw ParseFailure(
            .invalid("it inflates to \(sink.count) bytes; the directory says \(byteCount)"))
        }
        return try sink.finish()
      } catch {
        throw error.inside("entry \(name)")
      }
    }
  }

  /// The inflated bytes of a gzip file, all members joined.
  ///
  /// - Throws: ``ParseFailure`` for damaged data, a wrong CRC-32, or more bytes than `inflated-bytes` allows.
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
      // Padding may follow the last member; like gzip, ignore it.
    } while try file.starts(with: FileMagic.gzip, at: offset)
    return try sink.finish()
  }
}
