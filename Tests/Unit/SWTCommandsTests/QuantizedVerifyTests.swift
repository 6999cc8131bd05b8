import SWTCommands
internal import SWTConsole
import SWTTensorFiles
import TestSupport
import Testing

/// Goldens of quantized networks: every integer counts, and each engine has its own.
@Suite struct QuantizedVerifyTests {
  /// Made by the script of `golden make --print-script` with `--quantized-engine fbgemm`.
  static let golden = Fixtures.path("quantized/basic.fbgemm.golden.safetensors")

  private func verify(_ file: String, _ options: String...) throws -> (status: Status, report: JSONValue) {
    let tool = Tool(["verify", file, Self.golden, "--format", "json"] + options)
    return (tool.status, try tool.json())
  }

  @Test func `a golden of the same engine passes bit for bit`() throws {
    let model = try QuantizedTests.Converted("basic.pth")
    let (status, report) = try verify(model.file, "--quantized-engine", "fbgemm")
    #expect(status == .success)
    #expect(report["class"]?.string == "bit-exact")
    #expect(report["verdict"]?.string == "pass")
  }

  @Test func `another engine's golden is explained by that engine`() throws {
    let model = try QuantizedTests.Converted("basic.pth")
    let (status, report) = try verify(model.file, "--quantized-engine", "qnnpack")
    #expect(status == .verificationFailed)
    let cause = report["goldens"]?.array?.first?["cause"]
    #expect(cause?["id"]?.string == "quantized-engine")
    #expect(cause?["text"]?.string?.contains("these are fbgemm's integers") == true)
  }

  @Test func `a golden's engine is recorded by the conversion, and computed without being named`() throws {
    let model = try QuantizedTests.Converted("basic.pth", "--golden", Self.golden)
    let metadata = try Tool("inspect", model.file, "--json").json()["metadata"]
    #expect(metadata?["quantized.engine"]?.string == "fbgemm")
    let verified = Tool("verify", model.file)
    #expect(verified.status == .success, "\(verified.output)\(verified.errors)")
    #expect(verified.output.contains("quantized, fbgemm"))
  }

  @Test func `integers and real numbers are told apart`() throws {
    let real = try QuantizedTests.Converted("basic.pth", "--dequantize")
    let (status, report) = try verify(real.file)
    #expect(status == .weightsDiffer || status == .verificationFailed)
    let cause = report["goldens"]?.array?.first?["cause"]
    #expect(cause?["id"]?.string == "quantized-golden")
    #expect(cause?["text"]?.string?.contains("the integers of a quantized network") == true)
  }

  /// One byte of a weight, of a scale's lowest bits, and of a zero point.
  static let damage = [
    "layer2.0.conv2.weight", "layer2.0.conv2.weight.scale", "layer2.0.conv2.scale",
    "layer2.0.conv2.zero_point", "layer1.0.add_relu.scale", "quant.zero_point", "fc.bias",
  ]

  @Test(arguments: damage)
  func `damage is rejected and placed`(name: String) throws {
    let model = try QuantizedTests.Converted("basic.pth")
    var forgery = Forgery(try readFile(model.file))
    let place = try forgery.data(name)
    forgery.put(forgery.number(place.lowerBound, 1) ^ 1, 1, at: place.lowerBound)
    try forgery.mendData(of: name)
    forgery.mend()
    try writeFile(model.file, forgery.bytes)
    let (status, report) = try verify(model.file, "--quantized-engine", "fbgemm")
    #expect(status == .weightsDiffer || status == .verificationFailed)
    #expect(report["verdict"]?.string == "fail")
    #expect("\(report.text())".contains(name))
    // The digests say what differs, and not what the error would be without it.
    let text = Tool("verify", model.file, Self.golden, "--quantized-engine", "fbgemm").output
    #expect(!text.contains("explains part of it"), "\(text)")
  }
}
