import SWTCommands
internal import SWTConsole
import SWTTensorFiles
import TestSupport
import Testing

/// A golden that contradicts the model only in a convention is a finding, not an unusable golden.
@Suite struct ContradictedConventionTests {
  @Test(arguments: [
    ("--strides", "1,2,2,1", "strides"), ("--stride-on", "1x1", "stride-moved"),
    ("--dilation", "1,1,1,2", "dilations"), ("--pool", "3x3/2/0/ceil", "pool"), ("--pool", "none", "pool"),
    ("--stem", "7x7/1/3", "stem"),
  ])
  func `the convention is the cause`(option: String, value: String, cause: String) throws {
    let folder = try TemporaryFolder()
    let model = folder.file("m.swt")
    let converted = Tool(
      "convert", Fixture.checkpoint("resnext_small"), "-o", model, option, value)
    #expect(converted.status == .success, "\(converted.errors)")
    let verified = Tool("verify", model, Fixture.golden("resnext_small"), "--json")
    #expect(verified.status == .verificationFailed, "\(verified.output)\(verified.errors)")
    let golden = try #require(try verified.json()["goldens"]?[0])
    let causes = golden["causes"]?.array?.compactMap { $0["id"]?.string } ?? []
    #expect(causes.contains(cause), "\(causes)")
    #expect(golden["cause"]?["confirmed"]?.bool == true)
    #expect(try #require(golden["cause"]?["explains_to_times_floor"]?.double) <= 8)
  }

  @Test func `another head is another model`() throws {
    let folder = try TemporaryFolder()
    let model = folder.file("m.swt")
    Tool("convert", Fixture.checkpoint("resnext_headless"), "-o", model)
    #expect(Tool("verify", model, Fixture.golden("resnext_small")).status == .goldenUnusable)
  }

  @Test func `a first divergence is one place, or null with a reason`() throws {
    let folder = try TemporaryFolder()
    let model = folder.file("m.swt")
    Tool("convert", Fixture.checkpoint("resnext_small"), "-o", model, "--bn-eps", "0.001")
    let verified = Tool("verify", model, Fixture.golden("resnext_small"), "--json")
    let place = try verified.json()["goldens"]?[0]?["first_divergence"]
    #expect(place?["block"]?.string == "conv1")
    #expect(place?["also"]?.array?.count ?? 9 <= 2)
    let good = folder.file("good.swt")
    Tool("convert", Fixture.checkpoint("resnext_small"), "-o", good)
    let passed = try Tool("verify", good, Fixture.golden("resnext_small"), "--json").json()["goldens"]?[0]
    #expect(passed?["first_divergence_reason"]?.string == "nothing diverges")
  }
}
