import PthReader
import SWTBytes
import TestSupport
import Testing

/// Attacks, each named after what it attempts.
@Suite struct HostileInputTests {
  private func read(_ bytes: [UInt8]) throws -> Checkpoint {
    try CheckpointReader.read(MemorySource(bytes))
  }

  @Test func `an honest archive is read`() throws {
    let pickle = PickleBuilder().tensor(count: 4, size: [2, 2], stride: [2, 1]).stop()
    let checkpoint = try read(ZipBuilder.checkpoint(pickle))
    #expect(checkpoint.tensors.map(\.shape) == [[2, 2]])
    #expect(checkpoint.container == .zip)
  }

  @Test(arguments: [
    ("posix", "system"), ("os", "popen"), ("builtins", "eval"), ("__builtin__", "exec"),
    ("subprocess", "Popen"), ("runpy", "_run_code"), ("torch.serialization", "os.system"),
    ("torch", "__builtins__.eval"), ("m", "C.__init__.__globals__"),
  ])
  func `code is reported and never run`(module: String, name: String) throws {
    let pickle = PickleBuilder().global(module, name).op(0x28).text("echo hacked").op(0x74).op(0x52).stop()
    let checkpoint = try read(ZipBuilder.checkpoint(pickle))
    #expect(checkpoint.globals.map(\.name.isDangerous) == [true])
    #expect(checkpoint.tensors.isEmpty)
    let failure = try #require(throws: ParseFailure.self) { try checkpoint.requireHarmless() }
    #expect(failure.description.contains("\(module).\(name) is not a tensor constructor"))
  }

  struct View: Sendable, CustomTestStringConvertible {
    let testDescription: String
    var count: Int64 = 4
    var offset: Int64 = 0
    var size: [Int64] = [2, 2]
    var stride: [Int64] = [2, 1]
  }

  @Test(arguments: [
    View(testDescription: "a view longer than its storage", size: [3, 2]),
    View(testDescription: "an offset after the end", offset: 1),
    View(testDescription: "a negative offset", offset: -1),
    View(testDescription: "a negative size", size: [-2, 2]),
    View(testDescription: "a negative stride", stride: [-2, 1]),
    View(testDescription: "a size whose product overflows", size: [1 << 62, 1 << 62], stride: [0, 0]),
    View(testDescription: "a stride whose extent overflows", stride: [.max, 1]),
    View(testDescription: "more sizes than strides", stride: [1]),
    View(testDescription: "an offset of 2^63 - 1", offset: .max),
    View(testDescription: "a storage larger than its record", count: 5),
    View(testDescription: "a storage smaller than its record", count: 3, size: [1, 1]),
    View(testDescription: "a storage of negative size", count: -1),
    View(testDescription: "a storage whose size overflows", count: .max),
  ])
  func `a view outside its storage is refused`(view: View) throws {
    let pickle = PickleBuilder().tensor(
      count: view.count, offset: view.offset, size: view.size, stride: view.stride
    ).stop()
    #expect(throws: ParseFailure.self) { try read(ZipBuilder.checkpoint(pickle)) }
  }

  @Test func `a zero-stride view of terabytes is listed but not expanded`() throws {
    let pickle = PickleBuilder().tensor(count: 4, size: [1 << 21, 1 << 21], stride: [0, 0]).stop()
    let checkpoint = try read(ZipBuilder.checkpoint(pickle))
    #expect(checkpoint.tensors.count == 1)
    #expect(throws: ParseFailure.self) { try checkpoint.tensors[0].values() }
  }

  @Test func `a memo bomb ends at the step limit`() throws {
    // [] ; thirty times: DUP-like pairs of the same list, (x, x).
    var pickle = PickleBuilder().op(0x5D)
    for i in 0..<40 { pickle = pickle.op(0x71, [UInt8(i)]).op(0x68, [UInt8(i)]).op(0x86) }
    let failure = try #require(throws: ParseFailure.self) {
      try read(ZipBuilder.checkpoint(pickle.stop()))
    }
    #expect("\(failure)".contains("walk-steps"))
  }

  @Test func `a million nested lists do not overflow the stack`() throws {
    let depth = 1_000_000
    let bytes =
      [0x80, 2] + [UInt8](repeating: 0x5D, count: depth)
      + [UInt8](repeating: 0x61, count: depth - 1) + [0x2E]
    let failure = try #require(throws: ParseFailure.self) { try read(ZipBuilder.checkpoint(bytes)) }
    #expect("\(failure)".contains("depth"))
  }

  @Test func `a list inside itself ends the traversal`() throws {
    let pickle = PickleBuilder().op(0x5D).op(0x71, [0]).op(0x68, [0]).op(0x61).stop()
    #expect(try read(ZipBuilder.checkpoint(pickle)).tensors.isEmpty)
  }

  struct Program: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let bytes: [UInt8]
    init(_ description: String, _ bytes: [UInt8]) { (testDescription, self.bytes) = (description, bytes) }
  }

  @Test(arguments: [
    Program("text of 4 GiB from six bytes", [0x80, 2, 0x58, 0xFF, 0xFF, 0xFF, 0xFF]),
    Program("text of 2^63 bytes", [0x80, 4, 0x8D, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F]),
    Program("a number of negative length", [0x80, 2, 0x8B, 0xFF, 0xFF, 0xFF, 0xFF, 0x2E]),
    Program("a tuple without a mark", [0x80, 4, 0x74, 0x2E]),
    Program("a key without a value", [0x80, 2, 0x7D, 0x28, 0x4E, 0x75, 0x2E]),
    Program("an element added to a number", [0x80, 2, 0x4B, 1, 0x4B, 2, 0x61, 0x2E]),
    Program("an item set on a list", [0x80, 2, 0x5D, 0x4B, 1, 0x4B, 2, 0x73, 0x2E]),
    Program("state built on a number", [0x80, 2, 0x4B, 1, 0x4E, 0x62, 0x2E]),
    Program("a call with a list for arguments", [0x80, 2, 0x4E, 0x5D, 0x52, 0x2E]),
    Program("a memo slot that was never stored", [0x80, 2, 0x68, 7, 0x2E]),
    Program("a memo index of 2^32 - 1 with an empty stack", [0x80, 2, 0x72, 0xFF, 0xFF, 0xFF, 0xFF, 0x2E]),
    Program("protocol 255", [0x80, 255, 0x4E, 0x2E]),
    Program("no STOP", [0x80, 2, 0x4E]),
    Program("STOP on an empty stack", [0x80, 2, 0x2E]),
    Program("a frame longer than the file", [0x80, 4, 0x95, 0xFF, 0xFF, 0, 0, 0, 0, 0, 0, 0x4E, 0x2E]),
    Program("a global without its newline", [0x80, 2, 0x63, 0x6F, 0x73]),
    Program("the extension registry", [0x80, 2, 0x82, 1, 0x2E]),
    Program("an out-of-band buffer", [0x80, 5, 0x97, 0x2E]),
    Program("a stack global of numbers", [0x80, 4, 0x4B, 1, 0x4B, 2, 0x93, 0x2E]),
    Program("an unknown opcode", [0x80, 2, 0xFF, 0x2E]),
    Program("pops below a mark", [0x80, 2, 0x4E, 0x28, 0x85, 0x2E]),
  ])
  func `a broken pickle is one error`(program: Program) throws {
    #expect(throws: ParseFailure.self) { try read(ZipBuilder.checkpoint(program.bytes)) }
  }

  @Test func `a duplicate name is refused, because readers disagree on which one counts`() throws {
    let pickle = PickleBuilder().tensor(count: 4, size: [4], stride: [1]).stop()
    var zip = ZipBuilder()
    zip.add("archive/data.pkl", pickle)
    zip.add("archive/data/0", [UInt8](repeating: 0, count: 16))
    zip.add("archive/data/0", [UInt8](repeating: 1, count: 16))
    #expect(throws: ParseFailure.self) { try read(zip.bytes()) }
  }

  @Test func `overlapping entries are refused`() throws {
    var zip = ZipBuilder()
    zip.add("archive/data.pkl", PickleBuilder().op(0x4E).stop())
    zip.add("archive/a", [UInt8](repeating: 0, count: 64))
    zip.add("archive/a", [UInt8](repeating: 0, count: 4), at: 0)
    #expect(throws: ParseFailure.self) { try read(zip.bytes()) }
  }

  @Test func `a different name in the local header is refused`() throws {
    var zip = ZipBuilder()
    zip.add("archive/data.pkl", PickleBuilder().op(0x4E).stop(), localName: "archive/evil.pkl")
    #expect(throws: ParseFailure.self) { try read(zip.bytes()) }
  }

  @Test func `data after the end of the file is refused`() throws {
    var zip = ZipBuilder()
    zip.add("archive/data.pkl", PickleBuilder().op(0x4E).stop())
    zip.add("archive/data/0", [1, 2, 3, 4], claimed: 1 << 30)
    #expect(throws: ParseFailure.self) { try read(zip.bytes()) }
  }

  @Test(arguments: [
    "", "version https://git-lfs.github.com/spec/v1\n", "<!DOCTYPE html>", "GGUF....", "hello",
  ])
  func `a file that is not a checkpoint is identified`(text: String) throws {
    let failure = try #require(throws: ParseFailure.self) { try read(Array(text.utf8)) }
    guard case .unsupported = failure.reason else {
      Issue.record("\(failure)")
      return
    }
  }
}
