import SWT
import SWTBytes
import SWTConversion
import SWTTensors
import TestSupport
import Testing

/// A model whose weights are not those of its source, and everything that its file could say to hide it.
@Suite struct ForgedRecordTests {
  static let source = Fixtures.path("checkpoints/resnet_basic.pth")

  /// The conversion of the source with some of the classifier's weights negated, all checksums right.
  private let forged: Forgery
  private let honest: SWTFile
  private let planned: PlannedFile

  init() throws {
    let folder = try TemporaryFolder()
    try _ = Converter.convert(Self.source, to: folder.file("model.swt"))
    honest = try SWTFile(path: folder.file("model.swt"))
    planned = try PlannedFile(of: Self.source, key: nil, asStatedBy: honest, limits: ParseLimits())
    var forged = Forgery(try readFile(folder.file("model.swt")))
    try forged.negateEnd(of: "fc.weight", count: 8)
    self.forged = forged
  }

  @Test func `what a conversion wrote is equal and up to date`() throws {
    let comparison = try planned.comparison(with: honest)
    #expect(comparison.isEqual, "\(comparison.details)")
    #expect(comparison.compared == honest.tensorCount)
    #expect(planned.isIdentical(to: honest))
  }

  @Test func `a changed tensor with right checksums differs`() throws {
    let comparison = try planned.comparison(with: SWTFile(bytes: forged.mended))
    #expect(comparison.differing == ["fc.weight"])
    #expect(comparison.details == ["fc.weight: values"])
  }

  /// Whether a file is taken for a conversion of the source.
  private func isAccepted(_ forgery: Forgery) -> Bool {
    guard let file = try? SWTFile(bytes: forgery.mended) else { return false }
    if planned.isIdentical(to: file) { return true }
    // The options that a file states choose what it is compared with.
    let statesOptions =
      file.metadata("arch.bn") == .text("folded") || file.metadata("convert.precision") != nil
      || "\(file.metadata("source.conventions").map { "\($0)" } ?? "")".contains("option")
    guard statesOptions else { return (try? planned.comparison(with: file).isEqual) ?? false }
    let other = try? PlannedFile(of: Self.source, key: nil, asStatedBy: file, limits: ParseLimits())
    return (try? other?.comparison(with: file).isEqual) ?? false
  }

  @Test(arguments: ["table", "TENS", "BYNM", "STRS", "META", "DGST", "SRCD"])
  func `no change of a single byte of a section makes a changed model equal`(_ kind: String) throws {
    var forgery = forged
    for place in try kind == "table" ? forgery.table : forgery.section(kind).range {
      let byte = forgery.bytes[place]
      let values: [UInt8] =
        kind == "TENS" ? (0..<8).map { byte ^ 1 << $0 } + [0, 0xFF] : [byte ^ 1, byte ^ 0x20, byte ^ 0x80]
      for value in values where value != byte {
        forgery.bytes[place] = value
        #expect(!isAccepted(forgery), "\(kind), byte \(place) from \(byte) to \(value)")
      }
      forgery.bytes[place] = byte
    }
  }

  @Test func `no field of a record copied from another makes a changed model equal`() throws {
    let fields = [
      (0, 6), (4, 2), (6, 1), (7, 1), (8, 16), (24, 24), (48, 4), (52, 4), (56, 4), (60, 1), (61, 1),
    ]
    let (records, changed) = try (forged.section("TENS"), forged.record("fc.weight"))
    for (start, width) in fields {
      for other in stride(from: records.offset, to: records.offset + records.size, by: 64) {
        var forgery = forged
        for byte in start..<start + width { forgery.bytes[changed + byte] = forged.bytes[other + byte] }
        #expect(!isAccepted(forgery), "bytes \(start) to \(start + width) from the record at \(other)")
      }
    }
  }

  @Test(arguments: 0..<10)
  func `no two random changes make a changed model equal`(_ seed: UInt64) throws {
    var counter = seed << 32
    func next() -> UInt64 {
      counter += 1
      return SplitMix64.at(counter)
    }
    var forgery = forged
    let kinds = ["TENS", "TENS", "TENS", "SRCD", "DGST", "META", "STRS", "BYNM"]
    let places = try kinds.map { try forged.section($0).range }
    for _ in 0..<10_000 {
      var undo: [(Int, UInt8)] = []
      for _ in 0..<2 {
        let range = places[Int(next() % UInt64(places.count))]
        let place = range.lowerBound + Int(next() % UInt64(range.count))
        undo.append((place, forgery.bytes[place]))
        // Flags and small numbers are changed bit by bit, others also to anything.
        let bits = next()
        forgery.bytes[place] ^= bits & 0x300 == 0 ? UInt8(truncatingIfNeeded: bits) : 1 << (bits % 8)
      }
      #expect(!isAccepted(forgery), "\(undo.map(\.0))")
      for (place, byte) in undo.reversed() { forgery.bytes[place] = byte }
    }
  }
}
