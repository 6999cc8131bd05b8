import SWTConsole
import SWTTensorFiles
import TestSupport
import Testing

/// Names that Unicode calls equivalent and files do not: "é" as one scalar and as two.
@Suite struct ExactNameTests {
  static let (composed, decomposed) = ("\u{E9}.weight", "e\u{301}.weight")

  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// A safetensors file with four floats per name.
  private func write(_ file: String, _ tensors: [(name: String, values: [Float])]) throws -> String {
    var header = "{"
    var data: [UInt8] = []
    for (name, values) in tensors {
      header += header == "{" ? "" : ","
      header += "\"\(name)\":{\"dtype\":\"F32\",\"shape\":[\(values.count)],\"data_offsets\":"
      header += "[\(data.count),\(data.count + 4 * values.count)]}"
      for value in values { data += (0..<4).map { UInt8(truncatingIfNeeded: value.bitPattern >> (8 * $0)) } }
    }
    header += "}"
    let size = header.utf8.count
    let path = folder.file(file)
    try writeFile(
      path, (0..<8).map { UInt8(truncatingIfNeeded: size >> (8 * $0)) } + Array(header.utf8) + data)
    return path
  }

  private func pair() throws -> (a: String, b: String) {
    let a = try write("a.safetensors", [(Self.composed, [1, 2, 3, 4]), (Self.decomposed, [1, 2, 3, 4])])
    let b = try write("b.safetensors", [(Self.composed, [1, 2, 3, 4]), (Self.decomposed, [9, 9, 9, 9])])
    return (a, b)
  }

  @Test func `files whose tensors differ under one of two equivalent names are different`() throws {
    let (a, b) = try pair()
    #expect(Tool("diff", a, a).status == .success)
    #expect(Tool("diff", a, b).status == .verificationFailed)
    #expect(Tool("diff", b, a).status == .verificationFailed)
  }

  @Test func `a tensor under an equivalent name is another tensor`() throws {
    let a = try write("a.safetensors", [(Self.composed, [1, 2])])
    let b = try write("b.safetensors", [(Self.decomposed, [1, 2])])
    let compared = Tool("diff", a, b, "--json")
    #expect(compared.status == .verificationFailed)
    #expect(try compared.json()["missing"]?.array?.count == 1)
  }

  @Test func `both names survive every conversion`() throws {
    let (_, b) = try pair()
    let (weights, tensors, again) = (folder.file("b.swt"), folder.file("c.safetensors"), folder.file("d.swt"))
    for (input, output) in [(b, weights), (weights, tensors), (tensors, again)] {
      let converted = Tool("convert", input, "-o", output, "--arch", "none")
      #expect(converted.status == .success, "\(converted.errors)")
      #expect(Tool("diff", b, output).status == .success)
    }
    #expect(Tool("check", again).status == .success)
  }

  @Test func `two equivalent names in an index of shards are two tensors`() throws {
    _ = try write("s1.safetensors", [(Self.composed, [1, 2])])
    _ = try write("s2.safetensors", [(Self.decomposed, [3, 4])])
    let index = folder.file("m.safetensors.index.json")
    let map = "{\"\(Self.composed)\":\"s1.safetensors\",\"\(Self.decomposed)\":\"s2.safetensors\"}"
    try writeFile(index, Array("{\"weight_map\":\(map)}".utf8))
    let inspected = Tool("inspect", index, "--tensors", "--json")
    #expect(inspected.status == .success, "\(inspected.errors)")
    #expect(try inspected.json()["tensors"]?.array?.count == 2)
  }

  @Test func `a shard in another folder is refused, whatever follows the slash`() throws {
    let index = folder.file("m.index.json")
    for name in ["../x", "/etc/passwd", "a/\u{301}b", "a\\\u{301}b"] {
      let document: JSONValue = ["weight_map": ["w": .string(name)]]
      try writeFile(index, Array(document.text().utf8))
      let inspected = Tool("inspect", index)
      #expect(inspected.status == .inputUnreadable)
      #expect(inspected.errors.contains("not in the folder of the index"), "\(inspected.errors)")
    }
  }

  @Test func `a key may stand beside an equivalent one, not beside itself`() throws {
    _ = try write("twice.safetensors", [(Self.composed, [1]), (Self.composed, [1])])
    #expect(Tool("inspect", folder.file("twice.safetensors")).status == .inputUnreadable)
    let (a, _) = try pair()
    #expect(Tool("inspect", a).status == .success)
  }
}
