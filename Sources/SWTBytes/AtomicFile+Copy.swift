internal import CFileCopy
internal import SWTPlatform

/// Which side of a copy failed.
package enum CopyFailure: Error, Equatable, Sendable {
  case source(ParseFailure)
  case destination(WriteFailure)
}

extension AtomicFile {
  /// Copies a range of another file to a position of this one.
  ///
  /// Where the system can, it copies by itself, or shares the blocks (`copy_file_range`); memory does not depend
  /// on the size.
  package func copy(_ source: FileSource, _ range: Range<Int>, to offset: Int) throws(CopyFailure) {
    do throws(ParseFailure) {
      try source.requireRange(range.lowerBound, range.count)
    } catch {
      throw .source(error)
    }
    var done = copyInSystem(source, range, to: offset)
    while done < range.count {
      let bytes: [UInt8]
      do throws(ParseFailure) {
        bytes = try source.bytes(at: range.lowerBound + done, count: min(1 << 20, range.count - done))
      } catch {
        throw .source(error)
      }
      do throws(WriteFailure) {
        try write(bytes, at: offset + done)
      } catch {
        throw .destination(error)
      }
      done += bytes.count
    }
  }

  /// Bytes that the system copied: all, or those in front of the first that it would not.
  ///
  /// It says not which of the files is to blame, so the plain copy goes on from there: it succeeds where the
  /// system merely cannot (another file system, an old kernel), and meets the failure where there is one.
  private func copyInSystem(_ source: FileSource, _ range: Range<Int>, to offset: Int) -> Int {
    var done = 0
    while done < range.count {
      let count = p2s_copy_file_range(
        source.descriptor, Int64(range.lowerBound + done), descriptor, Int64(offset + done),
        range.count - done)
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { break }
      done += Int(count)
    }
    return done
  }
}
