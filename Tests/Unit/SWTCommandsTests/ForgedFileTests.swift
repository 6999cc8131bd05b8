import SWTConsole
import SWTTensorFiles
import TestSupport
import Testing

/// Weight files that were changed by someone who knows the format, so all checksums and digests are right.
@Suite struct ForgedFileTests {
  struct Change: CustomTestStringConvertible, Sendable {
    let testDescription: String
    var options: [String] = []
    let make: @Sendable (inout Forgery) throws -> Void
  }

  static let checkpoint = Fixture.checkpoint("resnext_small")
  static let golden = Fixture.golden("resnext_small")
  /// Offsets in a tensor's record.
  static let (dtype, dimOrder, link, role, flags) = (6, 48, 56, 60, 61)

  static let changes: [Change] = [
    Change(testDescription: "values") { try $0.negateEnd(of: "fc.weight", count: 256) },
    Change(testDescription: "values, flagged as derived") { forgery in
      try forgery.negateEnd(of: "fc.weight", count: 256)
      forgery.bytes[try forgery.record("fc.weight") + flags] |= 4
    },
    Change(testDescription: "statistics, flagged as derived") { forgery in
      try forgery.negateEnd(of: "layer2.0.bn2.running_mean", count: 3)
      forgery.bytes[try forgery.record("layer2.0.bn2.running_mean") + flags] |= 4
    },
    Change(testDescription: "values, whose source is said to have another type") { forgery in
      try forgery.negateEnd(of: "fc.weight", count: 256)
      forgery.bytes[try forgery.sourceRecord("fc.weight") + 6] = 7
    },
    Change(testDescription: "values, with their digest as that of the source") { forgery in
      try forgery.negateEnd(of: "fc.weight", count: 256)
      let own = try forgery.section("DGST").offset + 32 * forgery.index("fc.weight")
      let source = try forgery.sourceRecord("fc.weight") + 16
      forgery.bytes.replaceSubrange(source..<source + 32, with: forgery.bytes[own..<own + 32])
    },
    Change(testDescription: "order of dimensions") { forgery in
      forgery.put(0x7654_2310, 4, at: try forgery.record("layer1.0.conv2.weight") + dimOrder)
    },
    Change(testDescription: "order of dimensions, flagged as derived") { forgery in
      forgery.put(0x7654_2310, 4, at: try forgery.record("layer1.0.conv2.weight") + dimOrder)
      forgery.bytes[try forgery.record("layer1.0.conv2.weight") + flags] |= 4
    },
    Change(testDescription: "classifier of a folded file", options: ["--fold-bn"]) { forgery in
      try forgery.negateEnd(of: "fc.weight", count: 256)
      forgery.bytes[try forgery.record("fc.weight") + flags] |= 4
    },
    Change(testDescription: "bias of a file in half precision", options: ["--precision", "f16"]) { forgery in
      try forgery.negateEnd(of: "fc.bias", count: 4)
      forgery.bytes[try forgery.record("fc.bias") + flags] |= 4
    },
  ]

  /// The conversion with the change, and its folder.
  private func forged(_ change: Change) throws -> (folder: TemporaryFolder, path: String) {
    let folder = try TemporaryFolder()
    let path = folder.file("m.swt")
    #expect(Tool(["convert", Self.checkpoint, "-o", path] + change.options).status == .success)
    var forgery = Forgery(try readFile(path))
    try change.make(&forgery)
    try writeFile(path, forgery.mended)
    #expect(Tool("check", path).status == .success, "the forgery violates the format")
    return (folder, path)
  }

  @Test(arguments: changes)
  func `a forged tensor differs from its source`(_ change: Change) throws {
    let (folder, path) = try forged(change)
    defer { withExtendedLifetime(folder) {} }
    let verified = Tool("verify", path, "--source", Self.checkpoint, "--level", "weights", "--format", "json")
    #expect(verified.status == .weightsDiffer)
    #expect(try verified.json()["verdict"]?.string == "fail")
    #expect(Tool("verify", path, Self.golden, "--source", Self.checkpoint).status == .weightsDiffer)
  }

  @Test(arguments: changes)
  func `a forged tensor differs from the golden's`(_ change: Change) throws {
    let (folder, path) = try forged(change)
    defer { withExtendedLifetime(folder) {} }
    #expect(Tool("verify", path, Self.golden, "--level", "weights").status == .weightsDiffer)
  }

  @Test(arguments: changes)
  func `a forged file is not up to date`(_ change: Change) throws {
    let (folder, path) = try forged(change)
    defer { withExtendedLifetime(folder) {} }
    let again = Tool(["convert", Self.checkpoint, "-o", path] + change.options)
    #expect(again.status == .outputFailed)
    #expect(!(again.output + again.errors).contains("up to date"))
  }

  @Test func `a file with another digest of its source is not up to date`() throws {
    let change = Change(testDescription: "") { forgery in
      forgery.bytes[try forgery.sourceRecord("bn1.weight") + 20] ^= 1
    }
    let (folder, path) = try forged(change)
    defer { withExtendedLifetime(folder) {} }
    #expect(Tool("convert", Self.checkpoint, "-o", path).status == .outputFailed)
    #expect(Tool("verify", path, "--source", Self.checkpoint).status == .weightsDiffer)
  }

  @Test(arguments: [
    [], ["--fold-bn"], ["--precision", "f16"], ["--precision", "i8"], ["--fold-bn", "--precision", "bf16"],
  ])
  func `an honest file is equal to its source, and up to date`(_ options: [String]) throws {
    let folder = try TemporaryFolder()
    let path = folder.file("m.swt")
    let convert = ["convert", Self.checkpoint, "-o", path, "--golden", Self.golden] + options
    #expect(Tool(convert).status == .success)
    let verified = Tool("verify", path, "--source", Self.checkpoint, "--format", "json")
    #expect(verified.status == .success, "\(verified.output)")
    #expect(try verified.json()["source"]?["verdict"]?.string == "pass")
    #expect(Tool(convert).status == .success)
  }

  @Test func `what a golden cannot prove is claimed, not checked`() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("m.swt")
    #expect(Tool("convert", Self.checkpoint, "-o", path, "--precision", "f16").status == .success)
    let verified = Tool("verify", path, Self.golden)
    #expect(verified.status == .success)
    #expect(verified.output.contains("claimed, not checked"))
    #expect(!verified.output.contains("bit for bit"))
    // With the source, the claim is proven.
    #expect(!Tool("verify", path, Self.golden, "--source", Self.checkpoint).output.contains("not checked"))
  }

  // MARK: Goldens

  @Test(arguments: [("tolerance.k", "1e300"), ("floor.logits.rel_l2", "1e9"), ("tolerance.k", "1e4")])
  func `a golden with a bound above the ceiling is loose, and refused inside a model`(
    _ key: String, _ value: String
  ) throws {
    let folder = try TemporaryFolder()
    let (path, golden, embedded) = (folder.file("m.swt"), folder.file("g.safetensors"), folder.file("e.swt"))
    try writeFile(golden, Self.golden(with: key, value))
    #expect(Tool("convert", Self.checkpoint, "-o", path).status == .success)
    let verified = Tool("verify", path, golden, "--format", "json")
    #expect(verified.status == .success)
    #expect(try verified.json()["class"]?.string == "loose")
    #expect(
      try verified.json()["goldens"]?.array?.first?["findings"] != nil || verified.output.contains("loose"))

    #expect(
      Tool("convert", Self.checkpoint, "-o", embedded, "--golden", golden, "--force").status != .internalError
    )
    guard (try? readFile(embedded)) != nil else { return }
    #expect(Tool("verify", embedded).status == .goldenUnusable)
  }

  /// The golden with another value in its metadata.
  private static func golden(with key: String, _ value: String) throws -> [UInt8] {
    let bytes = try readFile(golden)
    let length = (0..<8).reduce(0) { $0 | Int(bytes[$1]) << (8 * $1) }
    let header = try JSONValue.parse(Array(bytes[8..<8 + length])).members ?? []
    let changed = header.map { member in
      guard member.key == "__metadata__" else { return member }
      let others = (member.value.members ?? []).filter { $0.key != key }
      return JSONMember(member.key, .object(others + [JSONMember(key, .string(value))]))
    }
    var text = Array(JSONValue.object(changed).text().utf8)
    while text.count % 8 != 0 { text.append(0x20) }
    return (0..<8).map { UInt8(truncatingIfNeeded: text.count >> (8 * $0)) } + text + bytes[(8 + length)...]
  }
}
