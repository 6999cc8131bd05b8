internal import CFileCopy
internal import SWTPlatform

/// Why a copy failed, by side.
package enum CopyFailure: Error, Equatable, Sendable {
  case source(ParseFailure)
  case destination(WriteFailure)
}

extension AtomicFile {
  /// Copies a range of another file to an offset of this one.
  ///
  /// Where the system supports it, the kernel copies or shares the blocks (`copy_file_range`). Memory use
  /// does not depend on the size.
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

  /// Copies with `copy_file_range` and returns how many bytes the system copied before it stopped.
  ///
  /// The call does not say which file is at fault, so the plain copy continues from there: it succeeds if the
  /// system merely cannot do it (different file systems, an old kernel), and otherwise meets the error again.
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
