import PthReader
import SWTCommands
internal import SWTConsole
import SWTTensorFiles
import SWTTensors
import TestSupport
import Testing

/// `inspect --stats`: statistics compared with numpy's and with plain loops.
@Suite struct StatisticsTests {
  /// Statistics by numpy 2.4.6 of tensors that torch 2.13 loaded from resnext_small.pth, in float64:
  /// `x.min()`, `x.max()`, `x.mean()`, `x.std()`, `np.percentile(x, [25, 50, 75], method="lower")`, the first
  /// and the largest of `np.histogram(x, 48)[0]`.
  struct Truth: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let figures: [Double]
    let quartiles: [Double]
    let counts: [Int]
  }

  static let truths = [
    Truth(
      testDescription: "conv1.weight",
      figures: [-0.36095374822616577, 0.3895420730113983, 0.001414337890260484, 0.11858835147045957],
      quartiles: [-0.0785069465637207, -0.0031486088410019875, 0.08458457887172699],
      counts: [
        1, 0, 1, 1, 2, 7, 5, 8, 11, 22, 12, 11, 21, 29, 27, 46, 46, 42, 55, 57, 58, 60, 72, 49, 62, 51, 50,
        59, 42,
        49, 40, 35, 26, 28, 19, 19, 15, 12, 5, 2, 8, 1, 6, 0, 1, 1, 0, 2,
      ]),
    Truth(
      testDescription: "layer4.0.conv2.weight",
      figures: [-0.324889212846756, 0.3669165074825287, 0.0005307334137412781, 0.08315279252706963],
      quartiles: [-0.05536670982837677, 0.0001803363993531093, 0.05662813037633896],
      counts: [
        4, 5, 12, 23, 31, 66, 110, 165, 272, 379, 535, 806, 1118, 1512, 1902, 2396, 2968, 3444, 3917, 4532,
        4856,
        4991, 5137, 4874, 4853, 4487, 4006, 3512, 3010, 2514, 1967, 1554, 1139, 795, 616, 414, 311, 221, 111,
        64, 54,
        21, 6, 7, 3, 5, 1, 2,
      ]),
    Truth(
      testDescription: "layer1.0.bn1.running_var",
      figures: [0.12290537357330322, 3.8904361724853516, 1.5254672775045037, 1.1389645314399697],
      quartiles: [0.609703540802002, 1.0044705867767334, 2.3176755905151367],
      counts: [
        1, 0, 1, 1, 1, 2, 6, 1, 0, 1, 1, 1, 2, 0, 0, 0, 1, 1, 1, 0, 0, 0, 0, 0, 2, 0, 0, 1, 0, 0, 1, 0, 0, 0,
        1, 0,
        1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 2,
      ]),
  ]

  private static func isNear(_ a: Double?, _ b: Double, _ tolerance: Double) -> Bool {
    a.map { abs($0 - b) <= tolerance } ?? false
  }

  private static func statistics(_ path: String) throws -> [String: JSONValue] {
    let document = try Tool("inspect", path, "--stats", "--json").json()
    return Dictionary(
      uniqueKeysWithValues: (document["tensors"]?.array ?? []).map {
        ($0["name"]?.string ?? "", $0["statistics"] ?? .null)
      })
  }

  @Test(arguments: truths)
  func `the statistics of a PyTorch file equal numpy's`(truth: Truth) throws {
    let all = try Self.statistics(Fixture.checkpoint("resnext_small"))
    let found = try #require(all[truth.testDescription])
    for (key, value) in zip(["min", "max", "mean", "std"], truth.figures) {
      #expect(Self.isNear(found[key]?.double, value, 1e-12), "\(key)")
    }
    let quartiles = found["quartiles"]?.array?.compactMap(\.double) ?? []
    let spread = truth.quartiles[2] - truth.quartiles[0]
    #expect(zip(quartiles, truth.quartiles).allSatisfy { abs($0 - $1) <= spread / 16 })
    #expect(quartiles.count == 3)
    #expect(found["histogram"]?["counts"]?.array?.compactMap(\.int) == truth.counts)
    #expect(found["nan"]?.int == 0 && found["inf"]?.int == 0 && found["outliers"]?["count"]?.int == 0)
  }

  @Test func `every format of a network has the same statistics`() throws {
    let plain = try Self.statistics(Fixture.checkpoint("resnext_small"))
    for name in ["resnext_small_legacy", "resnext_small_deflated"] {
      #expect(try Self.statistics(Fixture.checkpoint(name)) == plain)
    }
    let folder = try TemporaryFolder()
    let model = folder.file("m.swt")
    Tool("convert", Fixture.checkpoint("resnext_small"), "-o", model)
    #expect(try Self.statistics(model) == plain)
  }

  /// A file with the given tensors.
  private static func file(_ tensors: [(String, [Int], [Float])], _ folder: TemporaryFolder) throws -> String
  {
    let path = folder.file("m.safetensors")
    let written = tensors.map { SafetensorsWriter.Tensor(name: $0, TensorData(shape: $1, floats: $2)) }
    try writeFile(path, try SafetensorsWriter(tensors: written).bytes())
    return path
  }

  @Test func `NaN, infinities, outliers and dead channels are found where they were planted`() throws {
    let folder = try TemporaryFolder()
    func noise(_ count: Int) -> [Float] { (0..<UInt64(count)).map { SplitMix64.unit($0) } }
    var weight = noise(16 * 8 * 9)
    for i in 3 * 72..<4 * 72 { weight[i] = 0 }
    for i in 11 * 72..<12 * 72 { weight[i] *= 1e-12 }
    weight[5 * 72 + 7] = 90
    weight[700] = -50
    var broken = noise(6000)
    (broken[4321], broken[17], broken[18], broken[5999]) = (.nan, .infinity, -.infinity, .nan)
    var scale = noise(16).map { abs($0) + 0.1 }
    scale[2] = 1e-9
    var variance = noise(16).map { abs($0) + 0.1 }
    (variance[0], variance[15]) = (0, 1e-12)
    let path = try Self.file(
      [
        ("conv.weight", [16, 8, 3, 3], weight), ("broken", [6000], broken), ("bn.weight", [16], scale),
        ("bn.running_var", [16], variance), ("bn.bias", [16], Array(repeating: 0, count: 16)),
        ("same", [5000], Array(repeating: 1.25, count: 5000)), ("none", [0, 4], []),
      ], folder)
    let all = try Self.statistics(path)
    let conv = try #require(all["conv.weight"])
    #expect(conv["channels"]?["dead"]?.array?.compactMap(\.int) == [3, 11])
    #expect(conv["channels"]?["zero_count"]?.int == 1)
    #expect(conv["zeros"]?.int == 72)
    #expect(conv["outliers"]?["count"]?.int == 2)
    let farthest = conv["outliers"]?["farthest"]?.array ?? []
    #expect(farthest.map { $0["index"]?.int } == [5 * 72 + 7, 700])
    #expect(farthest.map { $0["value"]?.double } == [90, -50])
    #expect(conv["histogram"]?["below"]?.int == 1 && conv["histogram"]?["above"]?.int == 1)
    #expect(all["broken"]?["nan"]?.int == 2 && all["broken"]?["first_nan"]?.int == 4321)
    #expect(all["broken"]?["inf"]?.int == 2 && all["broken"]?["first_inf"]?.int == 17)
    #expect(all["bn.weight"]?["channels"]?["dead"]?.array?.compactMap(\.int) == [2])
    #expect(all["bn.running_var"]?["channels"]?["dead"]?.array?.compactMap(\.int) == [0, 15])
    #expect(all["bn.running_var"]?["channels"]?["rule"]?.string == "running-variance")
    #expect(all["bn.bias"]?["channels"] == .null)
    #expect(all["same"]?["std"]?.double == 0 && all["same"]?["mean"]?.double == 1.25)
    #expect(all["none"]?["min"]?.string == "nan")
    let text = Tool("inspect", path, "--stats").output
    #expect(text.contains("2 NaN, the first at 4321; 2 infinite, the first at 17"))
    #expect(text.contains("2 of 16 output channels nearly zero (1 zero)"))
    #expect(text.contains("2 outliers, the farthest 9.0e+01 at 367"))
  }

  @Test func `close values far from zero have correct quartiles`() throws {
    let folder = try TemporaryFolder()
    var values = (0..<20_000).map { -1.005 + Float($0 % 1000) * 1e-7 }
    values[12_345] = -1.1
    let found = try #require(try Self.statistics(Self.file([("w", [20_000], values)], folder))["w"])
    let sorted = values.map(Double.init).sorted()
    let quartiles = found["quartiles"]?.array?.compactMap(\.double) ?? []
    let expected = [1, 2, 3].map { sorted[(sorted.count - 1) * $0 / 4] }
    #expect(zip(quartiles, expected).allSatisfy { abs($0 - $1) < 4e-6 })
    #expect(found["outliers"]?["count"]?.int == 1)
    #expect(found["outliers"]?["farthest"]?[0]?["index"]?.int == 12_345)
    let mean = values.map(Double.init).reduce(0, +) / 20_000
    let squares = values.map { (Double($0) - mean) * (Double($0) - mean) }.reduce(0, +)
    #expect(Self.isNear(found["std"]?.double, (squares / 20_000).squareRoot(), 1e-12))
  }

  @Test func `types other than real numbers have no statistics, and all others are read`() throws {
    let all = try Self.statistics(Fixture.checkpoint("dtypes"))
    #expect(all["complex64"] == .null)
    #expect(all["bool"]?["max"]?.double == 1)
    #expect(all["uint8"]?["max"]?.double == 255 && all["uint8"]?["zeros"]?.int == 1)
    #expect(all["int8"]?["min"]?.double == -128)
    let folder = try TemporaryFolder()
    let tiny = try TensorData(
      type: .float64, shape: [3], bytes: [1, 0, 0, 0, 0, 0, 0, 0] + Array(repeating: 0, count: 16))
    let path = folder.file("tiny.safetensors")
    try writeFile(path, try SafetensorsWriter(tensors: [.init(name: "w", tiny)]).bytes())
    #expect(Tool("inspect", path, "--stats").output.contains(" 4.9e-324 "))
    #expect(Tool("inspect", path, "--html").output.contains("4.941\u{A0}×\u{A0}10⁻³²⁴"))
    let quantized = try Self.statistics(Fixtures.path("forms/quantized.pt"))
    #expect(!quantized.isEmpty)
  }

  @Test func `values are not read unless requested`() throws {
    let folder = try TemporaryFolder()
    var bytes = try readFile(Fixture.checkpoint("resnext_small"))
    let values = try PthFile(path: Fixture.checkpoint("resnext_small")).bytes("fc.weight")
    let start = try #require(DamageTests.place(of: values, in: bytes))
    bytes[start + 5] ^= 1
    let path = folder.file("damaged.pth")
    try writeFile(path, bytes)
    #expect(Tool("inspect", path, "--tensors").status == .success)
    for words in [["--stats"], ["--html"], ["--html=\(folder.file("x.html"))"]] {
      let tool = Tool(["inspect", path] + words)
      #expect(tool.status == .inputUnreadable)
      #expect(tool.errors.contains("CRC-32"))
      #expect(tool.output.isEmpty)
    }
    #expect(try folder.names() == ["damaged.pth"])
  }
}
