import SWT
import SWTChecksums
import SWTDigests
import TestSupport
import Testing

@Suite struct FormatDocumentTests {
  /// The dump in FORMAT.md as bytes.
  private func documented() throws -> (text: String, bytes: [UInt8]) {
    let root = Fixtures.folder.dropLast("/Fixtures".utf8.count)
    let text = String(decoding: try readFile("\(root)/FORMAT.md"), as: UTF8.self)
    var bytes: [UInt8] = []
    let lines = text.split(separator: "\n").drop { !$0.hasPrefix("00000000  ") }.prefix {
      !$0.hasPrefix("```")
    }
    for line in lines where line != "*" {
      let fields = line.split(separator: " ")
      let offset = Int(fields[0], radix: 16) ?? 0
      bytes += [UInt8](repeating: 0, count: max(0, offset - bytes.count))
      bytes += Hex.decode(fields.dropFirst().joined()) ?? []
    }
    return (text, bytes)
  }

  @Test func `the writer makes the file shown in FORMAT.md`() throws {
    let (text, bytes) = try documented()
    var sample = Sample()
    sample.contents.tensorAlignmentLog2 = 6
    sample.contents.dataAlignmentLog2 = 6
    sample.add("w", .f32, [2], Sample.floats([1, -2]))
    sample.contents.metadata = ["swt.producer": .text("demo")]
    #expect(try sample.bytes() == bytes)
    let id = try #require(try SWTFile(bytes: bytes).contentID(using: SystemDigests()))
    #expect(text.contains("`swt1:\(id)`"))
  }
}
