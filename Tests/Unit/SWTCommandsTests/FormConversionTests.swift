import SWT
import SWTCommands
internal import SWTConsole
import SWTTensorFiles
import TestSupport
import Testing

/// Every checkpoint format becomes a weight file with PyTorch's bytes.
@Suite struct FormConversionTests {
  nonisolated static let names: [String] = {
    let truth = try? JSONValue.parse(readFile(Fixtures.path("forms/truth.json")))
    return (truth?.members ?? []).map(\.key)
  }()

  @Test(arguments: names)
  func `convert --arch none keeps every tensor bit for bit`(name: String) throws {
    let folder = try TemporaryFolder()
    let input = Fixtures.path("forms/\(name)")
    let output = folder.file("x.swt")
    let converted = Tool("convert", input, "-o", output, "--arch", "none")
    let truth = try #require(
      JSONValue.parse(readFile(Fixtures.path("forms/truth.json")))[name]?["tensors"]?.array)
    let names = truth.map { $0["name"]?.string ?? "" }
    guard Set(names).count == names.count else {
      // Two tensors with the same name are an error; neither is written.
      #expect(converted.status == .weightsDiffer)
      #expect(converted.errors.contains("two tensors would have the name"))
      return
    }
    #expect(converted.status == .success, "\(converted.errors)")
    let report = try Tool("inspect", output, "--tensors", "--hash", "--json").json()
    var found: [String: String] = [:]
    for tensor in report["tensors"]?.array ?? [] {
      found[tensor["name"]?.string ?? ""] = tensor["sha256"]?.string
    }
    for tensor in truth {
      let name = tensor["name"]?.string ?? ""
      guard let sha256 = tensor["sha256"]?.string else { continue }
      #expect(found[name.isEmpty ? "tensor" : name] == sha256, "\(name)")
    }
    #expect(Tool("check", output).status == .success)
  }

  @Test func `metadata have what the bytes do not tell`() throws {
    let folder = try TemporaryFolder()
    let output = folder.file("x.swt")
    Tool("convert", Fixtures.path("forms/quantized.pt"), "-o", output, "--arch", "none")
    let encoding = try Tool("inspect", output, "--json").json()["metadata"]?["tensors.encoding"]
    #expect(encoding?["qint8"]?["quantizer"]?["zero_point"]?.int == 3)
    #expect(encoding?["packed4"]?["shape"]?.array?.compactMap(\.int) == [3, 4])
    // The records tell other engines the same: real = scale × (q − zero).
    let file = try SWTFile(path: output)
    let info = file.info(try #require(file.index(of: "qint8")))
    let record = file.quantization(try #require(info.quantization))
    #expect(record.scheme == .perTensor && !record.isSymmetric)
    let truth = try #require(encoding?["qint8"]?["quantizer"])
    #expect(try file.view(named: "qint8.zero_point").floats() == [3])
    let scale = try file.view(named: "qint8.scale").floats()[0]
    #expect(scale == Float(truth["scale"]?.double ?? 0))
    let compared = try Tool("diff", Fixtures.path("forms/quantized.pt"), output, "--json").json()
    #expect((compared["tensors"]?.array?.count ?? 0) > 3)
    for tensor in compared["tensors"]?.array ?? [] where tensor["dtypes"]?[1]?.string != "opaque" {
      #expect(tensor["verdict"]?.string == "equal" || tensor["verdict"]?.string == "identical", "\(tensor)")
    }
    Tool("convert", Fixtures.path("forms/sparse.pt"), "-o", output, "--arch", "none", "--force")
    let sparse = try Tool("inspect", output, "--json").json()["metadata"]?["tensors.sparse"]
    #expect(sparse?["csc"]?["layout"]?.string == "torch.sparse_csc")
  }

  @Test func `control characters in names are escaped`() throws {
    let pickle = PickleBuilder().op(0x7D).text("a\u{1B}[31m\u{202E}b").tensor(
      count: 4, size: [4], stride: [1]
    ).op(0x73)
    let file = try TemporaryFile(ZipBuilder.checkpoint(pickle.stop()), name: "x.pth")
    let output = Tool("inspect", file.path, "--tensors").output
    #expect(!output.unicodeScalars.contains { $0.value == 0x1B || $0.value == 0x202E })
    #expect(output.contains("\\u{1b}[31m\\u{202e}b"))
  }

  @Test func `a name that a weight file cannot have is an error of the input that shows it`() throws {
    let folder = try TemporaryFolder()
    for key in ["", "a\nb"] {
      let pickle = PickleBuilder().op(0x7D).text(key).tensor(count: 4, size: [4], stride: [1]).op(0x73)
      let file = try TemporaryFile(ZipBuilder.checkpoint(pickle.stop()), name: "x.pth")
      let converted = Tool("convert", file.path, "-o", folder.file("x.swt"), "--arch", "none")
      #expect(converted.status == .weightsDiffer)
      #expect(converted.errors.contains("names in .swt have"))
    }
  }

  @Test func `a limit is set by its name, which the error tells`() throws {
    let input = Fixtures.path("forms/training.pt")
    let refused = Tool("inspect", input, "--limit", "tensors=2")
    #expect(refused.status == .inputUnreadable)
    #expect(refused.errors.contains("--limit tensors=N"))
    #expect(Tool("inspect", input, "--limit", "tensors=200").status == .success)
  }

  @Test(arguments: ["views.pt", "shared.pt", "quantized.pt", "training.pt"])
  func `to safetensors and back keeps every tensor and its origin`(name: String) throws {
    let folder = try TemporaryFolder()
    let (there, back) = (folder.file("x.safetensors"), folder.file("y.swt"))
    let input = Fixtures.path("forms/\(name)")
    let written = Tool("convert", input, "-o", there, "--arch", "none", "--json", "--meta", "x.note=kept")
    #expect(written.status == .success, "\(written.errors)")
    #expect(try written.json()["content_id"] == .null)
    #expect(Tool("convert", input, "-o", there, "--arch", "none").status == .outputFailed)
    #expect(Tool("convert", there, "-o", back, "--arch", "none").status == .success)
    func digests(_ path: String) throws -> [String: String] {
      let tensors = try Tool("inspect", path, "--hash", "--json").json()["tensors"]?.array ?? []
      return Dictionary(
        tensors.map { ($0["name"]?.string ?? "", $0["sha256"]?.string ?? "") },
        uniquingKeysWith: { a, _ in a })
    }
    // Scales and zero points of quantized tensors are separate tensors there.
    let truth = try digests(input)
    #expect(try digests(there).filter { truth[$0.key] != nil } == truth)
    #expect(try digests(back) == digests(there))
    let metadata = try Tool("inspect", back, "--json").json()["metadata"]
    #expect(metadata?["x.note"]?.string == "kept")
    #expect(metadata?["source.format"]?.string == "zip")
  }
}
