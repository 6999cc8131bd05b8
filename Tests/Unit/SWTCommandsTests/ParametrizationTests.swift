import SWTBytes
import SWTCommands
internal import SWTConsole
import SWTTensorFiles
import SWTTensors
import TestSupport
import Testing

/// Weights that the file has as parts become the weights that PyTorch computes with.
@Suite struct ParametrizationTests {
  nonisolated static let names: [String] = {
    let truth = try? JSONValue.parse(readFile(Fixtures.path("parametrizations/truth.json")))
    return (truth?["files"]?.members ?? []).map(\.key)
  }()

  private func truth(_ name: String) throws -> JSONValue {
    try #require(JSONValue.parse(readFile(Fixtures.path("parametrizations/truth.json")))["files"]?[name])
  }

  @Test func `there is a file of each form`() { #expect(Self.names.count == 15) }

  @Test(arguments: names)
  func `the weights are PyTorch's`(name: String) throws {
    let folder = try TemporaryFolder()
    let input = Fixtures.path("parametrizations/\(name)")
    let output = folder.file("x.swt")
    let converted = Tool("convert", input, "-o", output, "--json")
    #expect(converted.status == .success, "\(converted.errors)")
    let truth = try truth(name)
    let report = try Tool("inspect", output, "--hash", "--json").json()
    var found: [String: String] = [:]
    for tensor in report["tensors"]?.array ?? [] {
      found[tensor["name"]?.string ?? ""] = tensor["sha256"]?.string
    }
    let isExact = truth["exact"]?.bool == true
    for weight in truth["weights"]?.members ?? [] where isExact {
      #expect(found[weight.key] == weight.value.string, "\(weight.key)")
    }
    #expect(Tool("verify", output, "--level", "weights", "--source", input).status == .success)
    #expect(Tool("diff", input, output).status == .success)
    let claims = try (converted.json()["parametrizations"]?.array ?? []).map { $0["exact"]?.bool }
    // Of a convolution of one channel, the first dimension cannot be told from the second.
    #expect(isExact ? claims.allSatisfy { $0 == true } : claims.contains(false))
  }

  @Test(arguments: [
    "spectral_norm", "spectral_norm_old", "spectral_norm_float64", "weight_norm_second", "weight_norm_whole",
    "weight_norm_float16", "weight_norm_bfloat16",
  ])
  func `a norm is PyTorch's up to rounding`(name: String) throws {
    let folder = try TemporaryFolder()
    let output = folder.file("x.safetensors")
    let input = Fixtures.path("parametrizations/\(name).safetensors")
    #expect(Tool("convert", input, "-o", output).status == .success)
    let file = try SafetensorsFile(MemorySource(readFile(output)))
    let truth = try truth("\(name).safetensors")
    let unit = try #require(truth["unit"]?.double)
    #expect(truth["first_values"]?.members?.isEmpty == false)
    for row in truth["first_values"]?.members ?? [] {
      let entry = try #require(file[row.key])
      let values = try ElementCoding.doubles(file.bytes(of: entry), entry.type)
      for (value, expected) in zip(values, (row.value.array ?? []).compactMap(\.double)) {
        // Two units in the last place; PyTorch's own bits change with its threads and instructions.
        #expect(abs(value - expected) <= 2 * unit * abs(expected), "\(row.key)")
      }
    }
  }

  @Test func `the receipt names the parts`() throws {
    let folder = try TemporaryFolder()
    let output = folder.file("x.swt")
    let converted = Tool(
      "convert", Fixtures.path("parametrizations/weight_norm_old.safetensors"), "-o", output)
    #expect(
      converted.output.contains("folded      weight_norm of conv1.weight and 11 more"), "\(converted.output)")
    let metadata = try Tool("inspect", output, "--json").json()["metadata"]?["source.parametrizations"]
    #expect(metadata?["conv1.weight"]?["kind"]?.string == "weight_norm")
    #expect(
      metadata?["conv1.weight"]?["parts"]?.array?.compactMap(\.string) == [
        "conv1.weight_g", "conv1.weight_v",
      ])
  }

  @Test func `a state dict without a network keeps the parts`() throws {
    let folder = try TemporaryFolder()
    let output = folder.file("x.swt")
    Tool("convert", Fixtures.path("parametrizations/pruned.safetensors"), "-o", output, "--arch", "none")
    let names = try Tool("inspect", output, "--json").json()["tensors"]?.array?.compactMap {
      $0["name"]?.string
    }
    #expect(names?.contains("conv1.weight_orig") == true)
    #expect(names?.contains("conv1.weight_mask") == true)
  }
}
