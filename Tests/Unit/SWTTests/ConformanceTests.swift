import SWT
import SWTBytes
import SWTChecksums
import SWTDigests
import TestSupport
import Testing

/// The corpus on which every reader of the format must agree, byte for byte of its listing
/// (Fixtures/format/README.md).
@Suite struct ConformanceTests {
  static let good: [String] = ((try? listFolder(Fixtures.path("format/good"))) ?? [])
    .filter { $0.hasSuffix(".swt") }.map { String($0.dropLast(4)) }

  /// A file and the rule that it violates.
  static let bad: [(file: String, rule: String)] = {
    let lines = (try? readFile(Fixtures.path("format/bad/rules.txt"))) ?? []
    return String(decoding: lines, as: UTF8.self).split(separator: "\n").compactMap { line in
      let words = line.split(separator: " ")
      return words.count < 2 || line.hasPrefix("#") ? nil : (String(words[0]), String(words[1]))
    }
  }()

  @Test func `the corpus is there`() {
    #expect(Self.good.count > 15)
    #expect(Self.bad.count > 80)
    // Every rule that a file can violate has a file that violates it.
    let broken = Set(Self.bad.map(\.rule))
    let apart: Set<SWTError.Rule> = [.unreadable, .noSuchTensor, .limit]
    for rule in SWTError.Rule.allCases where !apart.contains(rule) {
      #expect(broken.contains(rule.rawValue), "\(rule.rawValue)")
    }
  }

  @Test(arguments: good)
  func `a good file has the contents that its builder wrote`(name: String) throws {
    let file = try SWTFile(path: Fixtures.path("format/good/\(name).swt"))
    try file.verify(using: SystemDigests())
    let expected = String(decoding: try readFile(Fixtures.path("format/good/\(name).txt")), as: UTF8.self)
    #expect(try Listing.of(file) == expected)
  }

  @Test(arguments: bad.map(\.file))
  func `a bad file is refused for the rule that it was made to violate`(name: String) throws {
    let rule = try #require(Self.bad.first { $0.file == name }?.rule)
    do throws(SWTError) {
      let file = try SWTFile(path: Fixtures.path("format/bad/\(name)"))
      try file.verify(using: SystemDigests())
      Issue.record("accepted")
    } catch {
      #expect(error.rule.rawValue == rule, "\(error)")
    }
  }
}

/// A file as text, identical for every reader.
enum Listing {
  static func of(_ file: SWTFile) throws -> String {
    var lines = ["file 1.\(file.versionMinor) \(file.byteCount) \(file.tensorCount)"]
    lines.append("id \(file.contentID(using: SystemDigests())?.hex ?? "-")")
    for info in file.tensors {
      let record = file.record(info.index)
      let dims = info.shape.isEmpty ? "-" : info.shape.map(String.init).joined(separator: "x")
      var digest = "-"
      if info.dtype != nil {
        let running = SystemDigests().makeSHA256()
        running.update(try file.view(info.index).bytes)
        digest = running.finalize().hex
      }
      lines.append(
        "tensor \(info.index) \(hex(info.name)) \(info.dtypeCode) \(info.shape.count) \(dims) \(word(record.dimOrder)) "
          + "\(info.dataOffset) \(info.byteCount) \(word(info.crc32c)) \(record.role) \(record.flags) "
          + "\(record.link == SWTFormat.none ? "-" : String(record.link)) \(digest)")
    }
    for position in 0..<file.tensorCount {
      let name = file.info(file.nameOrder(position)).name
      lines.append("find \(hex(name)) \(file.index(of: name).map(String.init) ?? "-")")
    }
    lines += file.metadataRecords.map { key, type, value in
      "meta \(hex(key)) \(type) \(value.map(text) ?? "?")"
    }
    for index in 0..<file.quantizationCount {
      let record = file.quantization(index)
      lines.append(
        "quant \(index) \(record.scheme.rawValue) \(record.axis) \(record.bits) \(file.quantizationFlags(index)) "
          + "\(record.block) \(record.scaleTensor) \(optional(record.zeroTensor)) "
          + "\(optional(record.activationScaleTensor)) \(optional(record.activationZeroTensor)) "
          + "\(record.sourceDType?.rawValue ?? 0)")
    }
    for source in file.sourceDigests {
      lines.append("source \(hex(source.name)) \(source.dtype.rawValue) \(source.sha256.hex)")
    }
    for index in 0..<file.tensorCount {
      guard let receipt = file.receipt(index) else { break }
      lines.append(
        "receipt \(index) \(receipt.sourceDType?.rawValue ?? 0) \(receipt.operations.rawValue) "
          + "\(bits(receipt.maxAbsError)) \(bits(receipt.relL2Error)) \(bits(receipt.maxAbsValue))")
    }
    var first = 0
    for set in file.goldenSets {
      lines.append("gset \(hex(set.name)) \(first) \(set.vectors.count) \(optional(set.inputTensor))")
      first += set.vectors.count
    }
    for set in file.goldenSets { lines += set.vectors.map { line($0, of: set) } }
    return lines.joined(separator: "\n") + "\n"
  }

  private static func line(_ vector: SWTGoldenVector, of set: SWTGoldenSet) -> String {
    var (isProcedural, seed): (Int, UInt64) = (0, 0)
    if case .uniform(let value) = vector.input { (isProcedural, seed) = (1, value) }
    let shape = vector.inputShape.map(String.init).joined(separator: " ")
    return "gold \(hex(vector.name)) \(vector.kind.rawValue) \(isProcedural) \(seed) \(shape) "
      + "\(isProcedural == 1 ? "-" : optional(set.inputTensor)) \(vector.expectedTensor) \(vector.sampleSeed) "
      + "\(bits(vector.floorRelL2)) \(bits(vector.floorMax)) \(bits(vector.k)) \(optional(vector.expectedTop1))"
  }

  private static func text(_ value: SWTValue) -> String {
    switch value {
    case .text(let text), .json(let text): hex(text)
    case .bytes(let bytes): bytes.isEmpty ? "-" : Hex.encode(bytes)
    case .integer(let value): "\(value)"
    case .double(let value): bits(value)
    case .bool(let value): value ? "1" : "0"
    case .integers(let values): values.isEmpty ? "-" : values.map { "\($0)" }.joined(separator: ",")
    case .doubles(let values): values.isEmpty ? "-" : values.map(bits).joined(separator: ",")
    }
  }

  private static func hex(_ text: String) -> String { text.isEmpty ? "-" : Hex.encode(Array(text.utf8)) }
  private static func optional(_ value: Int?) -> String { value.map(String.init) ?? "-" }
  private static func word(_ value: UInt32) -> String {
    Hex.encode((0..<4).map { UInt8(value >> UInt32(24 - 8 * $0) & 255) })
  }
  private static func bits(_ value: Float) -> String { word(value.bitPattern) }
  private static func bits(_ value: Double) -> String {
    word(UInt32(value.bitPattern >> 32)) + word(UInt32(value.bitPattern & 0xFFFF_FFFF))
  }
}
