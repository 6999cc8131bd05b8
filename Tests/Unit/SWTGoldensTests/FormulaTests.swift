import ResNetArchitecture
import SWTBytes
import SWTChecksums
import SWTDigests
import SWTGoldens
import SWTTensorFiles
import SWTTensors
import TestSupport
import Testing

@Suite struct FormulaTests {
  @Test(arguments: [1, 2, 3, 4])
  func `an input formula has as many planes as the shape`(channels: Int) throws {
    let one = try InputFormula(kind: .multiscale, seed: 3, shape: [1, 1, 9, 8]).floats()
    let many = try InputFormula(kind: .multiscale, seed: 3, shape: [2, channels, 9, 8]).floats()
    #expect(one.count == 72 && many.count == 144 * channels)
    #expect(Array(many.prefix(72)) == one)
  }

  private let digests = SystemDigests()

  /// A debug build checks only tensors that take less than a second; a release build checks all.
  @Test func `a formula network has PyTorch's bits`() throws {
    #if DEBUG
      let limit = 150_000
    #else
      let limit = Int.max
    #endif
    let network = try FormulaNetwork("resnext50_32x4d")
    let parameters = LayerTree(network.architecture).parameters.filter { $0.role != .batchCount }
    #expect(network.architecture == Architecture.named("resnext50_32x4d"))
    #expect(network.tensors.map(\.name) == parameters.map(\.name))
    #expect(network.tensors.map(\.shape) == parameters.map(\.shape))
    for tensor in network.tensors where tensor.elementCount <= limit {
      let bytes = ElementCoding.bytes(try network.values(tensor))
      #expect(digests.sha256(bytes).hex == tensor.sha256, "\(tensor.name)")
    }
  }

  @Test(arguments: FormulaNetwork.names) func `each network's goldens record its digests`(name: String) throws
  {
    let network = try FormulaNetwork(name)
    let golden = try GoldenFixtureTests.golden("\(name)/image-224-a")
    #expect(golden.architecture == network.architecture)
    for tensor in network.tensors { #expect(golden.digests[ExactString(tensor.name)]?.hex == tensor.sha256) }
    let lines = try network.tensors.map { tensor in
      let digest = try #require(SHA256Digest(hex: tensor.sha256))
      return GoldenWeights.Line(name: tensor.name, type: .float32, shape: tensor.shape, digest: digest)
    }
    #expect(digests.sha256(GoldenWeights.manifest(lines)) == golden.weightsDigest)
    let source = digests.sha256(try readFile(Fixtures.path("formula/\(name).json")))
    #expect(golden.sourceSHA256 == "formula:\(source.hex)")
  }

  /// Values and SHA-256 from the same formula in Tools/fixtures/make_fixtures.py.
  @Test func `the multiscale input is exact`() throws {
    let formula = try InputFormula("multiscale-1 seed=12345678901234567890 shape=2,3,37,35")
    #expect(formula.text == "multiscale-1 seed=12345678901234567890 shape=2,3,37,35")
    let values = formula.floats()
    #expect(values.count == 2 * 3 * 37 * 35)
    #expect(
      digests.sha256(ElementCoding.bytes(values)).hex
        == "01a5291b976e35ed7c1a22eb56137c1a65cac9bf0688956adcc5537b59ecc39b")
  }

  @Test(arguments: [
    "", "multiscale-1", "multiscale-2 seed=1 shape=1,3,8,8", "multiscale-1 seed=-1 shape=1,3,8,8",
    "multiscale-1 seed=1 shape=1,3,8", "multiscale-1 seed=1 shape=1,0,8,8",
    "multiscale-1 seed=1 shape=0,3,8,8",
    "multiscale-1 seed=1 shape=1,3,100000,100000", "multiscale-1 seed=1 shape=1,3,8,8 ",
    "multiscale-1 seed=1 shape=",
    "multiscale-1 seed=1 shape=1,3,9223372036854775807,9223372036854775807",
    "multiscale-1 seed=99999999999999999999 shape=1,3,8,8", "multiscale-1  seed=1 shape=1,3,8,8",
  ])
  func `other formulas are refused`(text: String) {
    #expect(throws: GoldenFailure.self) { try InputFormula(text) }
  }
}
