package import SWTBytes

/// The bytes of a whole file: a mapping, or a copy in memory with the same alignment.
@safe
package final class FileImage: @unchecked Sendable {
  private let mapping: MappedFile?
  private let memory: UnsafeMutableRawBufferPointer?
  /// Never written, and valid as long as this object lives.
  package let buffer: UnsafeRawBufferPointer

  package init(_ mapping: MappedFile) {
    self.mapping = mapping
    unsafe memory = nil
    unsafe buffer = mapping.buffer
  }

  package init(copying bytes: [UInt8]) {
    mapping = nil
    let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: max(bytes.count, 1), alignment: 1 << 14)
    unsafe copy.copyBytes(from: bytes)
    unsafe memory = copy
    unsafe buffer = UnsafeRawBufferPointer(rebasing: copy[..<bytes.count])
  }

  deinit { unsafe memory?.deallocate() }

  package var byteCount: Int { unsafe buffer.count }

  /// Calls `body` with the bytes of a range, which must be in bounds.
  package func withSpan<R>(_ range: Range<Int>, _ body: (RawSpan) -> R) -> R {
    unsafe body(UnsafeRawBufferPointer(rebasing: buffer[range]).bytes)
  }

  package func copy(_ range: Range<Int>) -> ContiguousArray<UInt8> {
    unsafe ContiguousArray(buffer[range])
  }

  package func willNeed(_ range: Range<Int>) { mapping?.advise(.willNeed, range) }
}
