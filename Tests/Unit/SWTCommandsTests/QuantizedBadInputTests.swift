import SWTBytes
import SWTCommands
internal import SWTConsole
internal import SWTTensorFiles
import TestSupport
import Testing

/// Numbers that no engine of PyTorch computes with, and parts that do not fit together: one error that names the
/// file, the tensor and what is wrong with it, and no output.
@Suite struct QuantizedBadInputTests {
  struct Fault: Sendable, CustomTestStringConvertible {
    let testDescription: String
    /// What the error has to say.
    let words: [String]
    let change: @Sendable (inout QuantizedStateDict) -> Void

    init(
      _ description: String, _ words: String...,
      change: @escaping @Sendable (inout QuantizedStateDict) -> Void
    ) {
      (testDescription, self.words, self.change) = (description, words, change)
    }
  }

  static func weight(
    _ type: String = "QInt8Storage", _ shape: [Int] = [4, 64, 3, 3], scale: Double = 0.01, zero: Int64 = 0,
    axis: Int = 0, count: Int? = nil
  ) -> QuantizedStateDict.Value {
    let count = count ?? shape[axis]
    var (scales, zeros) = (Array(repeating: 0.01, count: count), Array(repeating: Int64(0), count: count))
    (scales[count - 1], zeros[count - 1]) = (scale, zero)
    return .quantized(type: type, shape: shape, scales: scales, zeros: zeros, axis: axis)
  }

  static let conv = "layer1.0.conv1.weight"

  static let badNumbers: [(String, Double)] = [
    ("zero", 0), ("negative zero", -0.0), ("negative", -0.25), ("NaN", .nan), ("infinite", .infinity),
    ("denormal", 1e-40), ("beyond float32", 1e300),
  ]

  static let scales: [Fault] = badNumbers.flatMap { (name: String, value: Double) -> [Fault] in
    [
      Fault("an output's scale is \(name)", "layer2.0.conv2.scale", "positive normal float32") {
        $0["layer2.0.conv2.scale"] = .doubles([value], shape: [])
      },
      Fault("the input's scale is \(name)", "quant.scale", "positive normal float32") {
        $0["quant.scale"] = .doubles([value], shape: [1])
      },
      Fault("a sum's scale is \(name)", "layer3.0.add_relu.scale", "positive normal float32") {
        $0["layer3.0.add_relu.scale"] = .doubles([value], shape: [])
      },
      Fault("a filter's scale is \(name)", conv, "scale 3", "positive normal float32") {
        $0[conv] = weight(scale: value)
      },
    ]
  }

  static let zeroPoints: [Fault] = [-1, 256, 1 << 40, .min].flatMap { (value: Int64) -> [Fault] in
    [
      Fault("an output's zero point is \(value)", "conv1.zero_point", "is \(value);", "0...255") {
        $0["conv1.zero_point"] = .integers([value], shape: [])
      },
      Fault("a filter's zero point is \(value)", conv, "zero point 3", "is \(value);") {
        $0[conv] = weight(zero: value)
      },
    ]
  }

  static let shapes: [Fault] = [
    Fault("a scale is two numbers", "conv1.scale", "[2]") {
      $0["conv1.scale"] = .floats([1, 1], shape: [2])
    },
    Fault("a scale is none", "conv1.scale", "[0]") { $0["conv1.scale"] = .floats([], shape: [0]) },
    Fault("a scale has two dimensions", "conv1.scale", "[1, 1]") {
      $0["conv1.scale"] = .floats([1], shape: [1, 1])
    },
    Fault("a zero point is a real number", "conv1.zero_point", "float32") {
      $0["conv1.zero_point"] = .floats([3], shape: [])
    },
    Fault("a scale is an integer", "conv1.scale", "int64") { $0["conv1.scale"] = .integers([3], shape: []) },
    Fault("more scales than filters", conv, "scales", "[5]") { $0[conv] = weight(count: 5) },
    Fault("fewer scales than filters", conv, "scales", "[3]") { $0[conv] = weight(count: 3) },
    Fault("quantized along the inputs", conv, "axis 1") { $0[conv] = weight(axis: 1) },
    Fault("an axis outside the shape", conv, "axis 4") { $0[conv] = weight(axis: 4, count: 4) },
    Fault("a negative axis", conv, "axis -1") { $0[conv] = weight(axis: -1, count: 4) },
    Fault("weights without a sign", conv, "quint8") { $0[conv] = weight("QUInt8Storage") },
    Fault("a bias for too few filters", "layer1.0.conv1.bias has shape [3]", "4 filters") {
      $0["layer1.0.conv1.bias"] = .floats([1, 2, 3], shape: [3])
    },
    Fault("a bias in double precision", "layer1.0.conv1.bias", "float64") {
      $0["layer1.0.conv1.bias"] = .doubles([1, 2, 3, 4], shape: [4])
    },
    Fault("a bias that is not finite", "element 2 of layer1.0.conv1.bias") {
      $0["layer1.0.conv1.bias"] = .floats([1, 2, .infinity, 4], shape: [4])
    },
    Fault("one layer of real numbers", conv, "only a part") {
      $0[conv] = .floats(Array(repeating: 1, count: 2304), shape: [4, 64, 3, 3])
    },
    Fault("scales whose products float32 cannot hold", conv, "products") {
      $0["layer1.0.conv1.scale"] = .floats([1e-30], shape: [])
      $0["conv1.scale"] = .floats([1e36], shape: [])
    },
  ]

  static let keys: [Fault] =
    lone + absent + stray + [
      Fault("a block with two sums", "layer1.0 has several sums") {
        $0["layer1.0.other.scale"] = .floats([1], shape: [])
        $0["layer1.0.other.zero_point"] = .integers([0], shape: [])
      },
      Fault("a convolution without bias", "layer1.0.conv2.bias is missing") {
        $0["layer1.0.conv2.bias"] = nil
      },
    ]

  static var lone: [Fault] {
    var faults: [Fault] = []
    for (leaf, other) in [("scale", "zero_point"), ("zero_point", "scale")] {
      for module in ["conv1", "layer4.0.downsample.0", "layer1.0.add_relu", "fc", "quant"] {
        faults.append(
          Fault("\(module).\(leaf) is missing", "\(module).\(other) has no \(module).\(leaf)") {
            $0["\(module).\(leaf)"] = nil
          })
      }
      faults.append(
        Fault("a lone \(leaf)", "layer1.0.relu.\(leaf) has no layer1.0.relu.\(other)") {
          $0["layer1.0.relu.\(leaf)"] = leaf == "scale" ? .floats([1], shape: []) : .integers([1], shape: [])
        })
    }
    return faults
  }

  static var absent: [Fault] {
    ["conv1", "layer2.0.conv2", "layer1.0.add_relu", "fc", "quant"].map { module in
      Fault("\(module) has no numbers", "\(module).scale and \(module).zero_point are missing") {
        $0["\(module).scale"] = nil
        $0["\(module).zero_point"] = nil
      }
    }
  }

  static var stray: [Fault] {
    ["relu1", "layer2.relu", "layer2.0.conv2.extra"].map { module in
      Fault("numbers of \(module), which is no layer", "\(module).scale", "no layer") {
        $0["\(module).scale"] = .floats([1], shape: [])
        $0["\(module).zero_point"] = .integers([0], shape: [])
      }
    }
  }

  static let packed = "fc._packed_params._packed_params"
  static let tuples: [Fault] = [
    Fault("a tuple of a weight alone", packed, "a tuple of 1") {
      $0[packed] = .tuple([weight("QInt8Storage", [3, 32])])
    },
    Fault("an empty tuple", packed, "a tuple of 0") { $0[packed] = .tuple([]) },
    Fault("a tuple of three", packed, "a tuple of 3") {
      $0[packed] = .tuple([weight("QInt8Storage", [3, 32]), .floats([1, 2, 3], shape: [3]), .none])
    },
    Fault("bias before weight", "fc.bias is quantized") {
      $0[packed] = .tuple([.floats([1, 2, 3], shape: [3]), weight("QInt8Storage", [3, 32])])
    },
    Fault("a classifier of real numbers", "fc.weight", "only a part") {
      $0[packed] = .tuple([
        .floats(Array(repeating: 1, count: 96), shape: [3, 32]), .floats([1, 2, 3], shape: [3]),
      ])
    },
  ]

  @Test func `the unchanged network converts, runs and compares`() throws {
    let folder = try TemporaryFolder()
    let (source, output) = (folder.file("m.pth"), folder.file("m.swt"))
    try writeFile(source, try QuantizedStateDict().bytes)
    let converted = Tool("convert", source, "-o", output)
    #expect(converted.status == .success, "\(converted.errors)")
    #expect(Tool("check", output).status == .success)
    let compared = Tool("diff", source, output)
    #expect(compared.status == .success, "\(compared.output)")
  }

  @Test func `a classifier without bias is a network`() throws {
    let folder = try TemporaryFolder()
    var dict = try QuantizedStateDict()
    dict[Self.packed] = .tuple([Self.weight("QInt8Storage", [3, 32]), .none])
    try writeFile(folder.file("m.pth"), dict.bytes)
    let converted = Tool("convert", folder.file("m.pth"), "-o", folder.file("m.swt"))
    #expect(converted.status == .success, "\(converted.errors)")
    // Its logits are those of a bias of zeros.
    dict[Self.packed] = .tuple([Self.weight("QInt8Storage", [3, 32]), .floats([0, 0, 0], shape: [3])])
    try writeFile(folder.file("z.pth"), dict.bytes)
    #expect(Tool("convert", folder.file("z.pth"), "-o", folder.file("z.swt")).status == .success)
    let input = Fixtures.path("evidence/input.npy")
    var logits: [[UInt8]] = []
    for name in ["m", "z"] {
      #expect(Tool("check", folder.file("\(name).swt")).status == .success)
      let run = Tool("run", folder.file("\(name).swt"), input, "-o", folder.file("\(name).npy"))
      #expect(run.status == .success, "\(run.errors)")
      logits.append(try readFile(folder.file("\(name).npy")))
    }
    #expect(logits[0] == logits[1])
  }

  @Test(arguments: scales + zeroPoints + shapes + keys + tuples)
  func `is refused with its cause`(fault: Fault) throws {
    let folder = try TemporaryFolder()
    var dict = try QuantizedStateDict()
    fault.change(&dict)
    let (source, output) = (folder.file("m.pth"), folder.file("m.swt"))
    try writeFile(source, dict.bytes)
    let refused = Tool("convert", source, "-o", output)
    #expect([.weightsDiffer, .inputUnreadable].contains(refused.status))
    #expect(refused.errors.contains(source))
    for word in fault.words { #expect(refused.errors.contains(word), "\(refused.errors)") }
    #expect(refused.errors.split(separator: "\n").count <= 2, "\(refused.errors)")
    #expect(throws: (any Error).self) { try readFile(output) }
  }

  /// A module's state, as its class pickles it: 14 values until PyTorch 1.4, then 15, with `training`.
  @Test(arguments: 13...16)
  func `the tuple of a convolution's state has 14 or 15 values`(count: Int) throws {
    let folder = try TemporaryFolder()
    let path = folder.file("m.pth")
    try writeFile(path, QuantizedStateDict.convolutionState(count: count))
    let inspected = Tool("inspect", path, "--json")
    guard 14...15 ~= count else {
      #expect(inspected.status == .inputUnreadable)
      #expect(inspected.errors.contains("conv is a tuple of \(count)"), "\(inspected.errors)")
      return
    }
    #expect(inspected.status == .success, "\(inspected.errors)")
    let tensors = try inspected.json()["tensors"]?.array ?? []
    #expect(tensors.compactMap { $0["name"]?.string } == ["conv.weight", "conv.scale", "conv.zero_point"])
    #expect(tensors.first?["shape"]?.array?.compactMap(\.int) == [4, 4, 1, 1])
  }

  // MARK: Weight files changed by hand

  struct Edit: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let tensor: String
    let bytes: [UInt8]
    let words: [String]

    init<Word: FixedWidthInteger & Sendable>(
      _ tensor: String, _ value: Word, _ what: String, _ words: String...
    ) {
      (self.tensor, self.words) = (tensor, words)
      testDescription = "\(tensor) is \(what)"
      bytes = (0..<Word.bitWidth / 8).map { UInt8(truncatingIfNeeded: value >> Word(8 * $0)) }
    }
  }

  static let edits: [Edit] =
    badScales + badWeightScales + badZeroPoints + [
      Edit("conv1.bias", Float.nan.bitPattern, "NaN", "conv1")
    ]

  static var badScales: [Edit] {
    let values: [Float] = [0, -1, .nan, .infinity, .leastNonzeroMagnitude]
    let names = ["conv1.scale", "fc.scale", "quant.scale", "layer4.0.add_relu.scale"]
    var edits: [Edit] = []
    for value in values {
      for name in names { edits.append(Edit(name, value.bitPattern, "\(value)", "scale")) }
    }
    return edits
  }

  static var badWeightScales: [Edit] {
    let values: [Double] = [0, -1, .nan, .infinity, 1e-40, 1e300]
    var edits: [Edit] = []
    for value in values {
      for name in ["conv1.weight.scale", "fc.weight.scale"] {
        edits.append(Edit(name, value.bitPattern, "\(value)", "scale"))
      }
    }
    return edits
  }

  static var badZeroPoints: [Edit] {
    let values: [Int64] = [-1, 256, .max, .min]
    var edits: [Edit] = []
    for value in values {
      for name in ["conv1.zero_point", "layer1.0.add_relu.zero_point", "fc.zero_point"] {
        edits.append(Edit(name, value, "\(value)", "zero_point"))
      }
    }
    return edits
  }

  @Test(arguments: edits)
  func `a weight file with such numbers is refused by check and run`(edit: Edit) throws {
    let folder = try TemporaryFolder()
    let (source, output) = (folder.file("m.pth"), folder.file("m.swt"))
    var dict = try QuantizedStateDict()
    // Different numbers are stored apart, so that a change concerns one tensor alone.
    for (number, value) in dict.values.enumerated() {
      switch value.value {
      case .floats(let values, let shape) where values.count == 1:
        dict[value.name] = .floats([0.05 + Float(number) / 4096], shape: shape)
      case .integers(_, let shape): dict[value.name] = .integers([Int64(number)], shape: shape)
      default: continue
      }
    }
    try writeFile(source, dict.bytes)
    #expect(Tool("convert", source, "-o", output).status == .success)
    var forgery = Forgery(try readFile(output))
    let place = try forgery.data(edit.tensor)
    forgery.bytes.replaceSubrange(place.lowerBound..<place.lowerBound + edit.bytes.count, with: edit.bytes)
    try forgery.mendData(of: edit.tensor)
    try writeFile(output, forgery.mended)
    let checked = Tool("check", output)
    #expect(checked.status == .inputUnreadable, "\(checked.output)")
    for word in edit.words { #expect(checked.errors.contains(word), "\(checked.errors)") }
    let bench = Tool("bench", output, "--size", "32", "--runs", "1")
    #expect([.weightsDiffer, .inputUnreadable].contains(bench.status))
    #expect(bench.errors.contains(output))
  }

  @Test func `an engine that is not known is refused by name`() throws {
    let model = try QuantizedTests.Converted("basic.pth")
    let changed = model.folder.file("changed.swt")
    let set = Tool("set-meta", model.file, "-o", changed, "quantized.engine=other", "--force")
    #expect(set.status == .success, "\(set.errors)")
    let refused = Tool("bench", changed, "--size", "32", "--runs", "1")
    #expect(refused.status == .weightsDiffer)
    #expect(refused.errors.contains("quantized.engine"))
  }
}
