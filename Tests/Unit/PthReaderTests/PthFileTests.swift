import PthReader
import SWTBytes
import SWTChecksums
import Synchronization
import TestSupport
import Testing

/// Counts the bytes that are read of another source.
private final class CountingSource: ByteSource {
  private let base: MemorySource
  private let count = Atomic(0)

  init(_ bytes: [UInt8]) { base = MemorySource(bytes) }

  var byteCount: Int { base.byteCount }
  var read: Int { count.load(ordering: .relaxed) }

  func read(at offset: Int, into destination: UnsafeMutableRawBufferPointer) throws(ParseFailure) {
    count.wrappingAdd(destination.count, ordering: .relaxed)
    unsafe try base.read(at: offset, into: destination)
  }
}

@Suite struct PthFileTests {
  @Test func `a storage is checked once, whatever the number of its views`() throws {
    let count = 1 << 16
    var pickle = PickleBuilder().op(0x28)
    for i in 0..<200 {
      pickle = pickle.tensor(count: Int64(count), offset: Int64(i * 16), size: [16], stride: [1])
    }
    let source = CountingSource(ZipBuilder.checkpoint(pickle.op(0x74).stop(), floats: count))
    let file = try PthFile(source, path: "flat")
    let before = source.read
    for tensor in file.tensors { #expect(try file.bytes(of: tensor).count == 64) }
    // The storage once for its checksum, and each view.
    #expect(source.read - before <= 4 * count + 200 * 64)
  }

  @Test(arguments: [true, false])
  func `what failed its checksum fails every later reader`(isWhole: Bool) throws {
    let count = 1 << 12
    let pickle = PickleBuilder().op(0x28)
      .tensor(count: Int64(count), size: [isWhole ? Int64(count) : 16], stride: [1])
      .tensor(count: Int64(count), offset: 32, size: [16], stride: [1])
    // The archive states the checksum of zeros; one of the values is not zero.
    var storage = [UInt8](repeating: 0, count: 4 * count)
    let crc = CRC32.checksum(storage)
    storage[5000] = 1
    var zip = ZipBuilder()
    zip.add("archive/data.pkl", pickle.op(0x74).stop())
    zip.add("archive/data/0", storage, crc: crc)
    zip.add("archive/version", Array("3\n".utf8))
    let bytes = zip.bytes()
    let file = try PthFile(MemorySource(bytes), path: "damaged")
    for _ in 0..<2 {
      for tensor in file.tensors {
        let failure = try #require(throws: ParseFailure.self) { try file.bytes(of: tensor) }
        guard case .checksum = failure.reason else {
          Issue.record("\(failure)")
          continue
        }
      }
    }
  }

  @Test func `values come in one call, by name`() throws {
    let file = try PthFile(path: Fixtures.path("checkpoints/resnext_small.pth"))
    let bias = try file.floats("fc.bias")
    #expect(bias.count == 10)
    #expect(try file.doubles(of: #require(file["fc.bias"])) == bias.map(Double.init))
    #expect(try file.bytes("fc.bias").count == 40)
    #expect(file["fc.biaz"] == nil)
    #expect(throws: ParseFailure(.invalid("the file has no tensor 'fc.biaz'"))) { try file.floats("fc.biaz") }
  }

  @Test func `names that are equivalent in Unicode are two tensors`() throws {
    let (composed, decomposed) = ("\u{E9}.weight", "e\u{301}.weight")
    let pickle = PickleBuilder().op(0x7D).op(0x28)
      .text(composed).tensor(count: 16, size: [2], stride: [1])
      .text(decomposed).tensor(count: 16, offset: 2, size: [3], stride: [1]).op(0x75).stop()
    let file = try PthFile(MemorySource(ZipBuilder.checkpoint(pickle, floats: 16)), path: "names")
    #expect(file[composed]?.shape == [2])
    #expect(file[decomposed]?.shape == [3])
  }
}
