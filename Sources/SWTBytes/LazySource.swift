internal import Synchronization

/// Bytes that are computed on first use: an inflated record, a decoded string.
package final class LazySource: MappableSource {
  package let byteCount: Int
  private let make: @Sendable () throws(ParseFailure) -> any ByteSource
  private let made = Mutex<(any ByteSource)?>(nil)

  /// `make` returns a source of exactly `byteCount` bytes; it is called once, and again only after it failed.
  package init(byteCount: Int, make: @escaping @Sendable () throws(ParseFailure) -> any ByteSource) {
    self.byteCount = byteCount
    self.make = make
  }

  package func read(at offset: Int, into destination: UnsafeMutableRawBufferPointer) throws(ParseFailure) {
    try requireRange(offset, destination.count)
    unsafe try source().read(at: offset, into: destination)
  }

  package func walk(_ range: Range<Int>) throws(ParseFailure) -> MappedWalk? {
    try (source() as? any MappableSource)?.walk(range)
  }

  private func source() throws(ParseFailure) -> any ByteSource {
    let result: Result<any ByteSource, ParseFailure> = made.withLock { current in
      if let current { return .success(current) }
      do throws(ParseFailure) {
        let source = try make()
        guard source.byteCount == byteCount else {
          throw ParseFailure(.invalid("it has \(source.byteCount) bytes; expected \(byteCount)"))
        }
        current = source
        return .success(source)
      } catch {
        return .failure(error)
      }
    }
    return try result.get()
  }
}
