package import PthReader
internal import ResNetArchitecture
internal import SWTBytes
internal import SWTTensors

/// The scales and zero points of a quantized network, by the names of its layers.
package struct QuantizedLayers: Sendable {
  /// A number of the file, under its canonical name.
  package struct Number: Sendable {
    package let name: String
    package let entry: TensorEntry
  }

  /// Scale and zero point of the input, then of each layer's output in execution order: `quant`, `conv1`, …,
  /// `layer1.0.skip_add_relu`, …, `fc`.
  let outputs: [(module: String, scale: Number, zeroPoint: Number)]
  /// All of them, in that order, under the names that weight files give them.
  package var numbers: [Number] { outputs.flatMap { [$0.scale, $0.zeroPoint] } }
  /// The module whose output a layer's input is, by the layer's name.
  let inputs: [String: String]

  /// Finds them, and checks every number.
  ///
  /// - Throws: ``ConversionFailure`` `.architecture` if one is missing, or is not what PyTorch's engines
  ///   compute with; ``ParseFailure`` if one cannot be read.
  init(
    _ reading: StateDictReading, _ source: QuantizedStateDict, _ entries: [String: TensorEntry],
    _ file: PthFile
  ) throws {
    let tree = reading.tree
    guard let layers = QuantizedTopology(tree) else {
      throw ConversionFailure.architecture(
        "it is quantized, and \(QuantizedTopology.refusal(tree) ?? "its layers differ from torchvision's")",
        .say("only the networks of torchvision.models.quantization can be quantized"))
    }
    let keys = Dictionary(
      reading.filled.map { ($0.parameter.name, $0.key) }, uniquingKeysWith: { first, _ in first })
    var outputs: [(String, Number, Number)] = []
    var names: [String: String] = [:]
    var scales: [String: Float] = [:]
    var used: Set<ExactString> = []
    func add(_ module: String, _ key: ExactString?, layer: String) throws {
      guard let key, let found = source.outputs[key] else {
        throw ConversionFailure.architecture(
          "the layers are quantized, but \(module).scale and \(module).zero_point are missing")
      }
      used.insert(key)
      scales[layer] = try Self.check(found, module, file)
      names[layer] = module
      outputs.append(
        (
          module, Number(name: "\(module).scale", entry: found.scale),
          Number(name: "\(module).zero_point", entry: found.zeroPoint)
        ))
    }
    let prefix = reading.candidate.prefix
    try add("quant", ExactString(prefix + "quant"), layer: QuantizedTopology.input)
    for step in layers.steps {
      switch step.kind {
      case .layer:
        let module = keys["\(step.name).weight"].map { String($0.dropLast(".weight".count)) } ?? step.name
        try add(step.name, ExactString(module), layer: step.name)
        guard let weight = entries["\(step.name).weight"] else { continue }
        let input = layers.inputs[step.name].flatMap { scales[$0] } ?? 1
        try Self.check(weight, "\(step.name).weight", input: input, output: scales[step.name] ?? 1)
        if let bias = entries["\(step.name).bias"] { try Self.check(bias: bias, file) }
      case .sum(let block):
        let first = keys["\(block).conv1.weight"] ?? ""
        let path = String(first.dropLast("conv1.weight".count))
        // Its name is the program's choice; torchvision has two.
        let found = source.outputs.keys.filter { name in
          name.text.utf8.starts(with: path.utf8) && !name.text.dropFirst(path.count).contains(".")
            && entries[block + "." + name.text.dropFirst(path.count) + ".weight"] == nil
        }
        guard found.count < 2 else {
          throw ConversionFailure.architecture(
            "\(block) has several sums: \(found.map(\.text).sorted().joined(separator: ", "))")
        }
        let usual = tree.architecture.block == .basic ? "add_relu" : "skip_add_relu"
        try add("\(block).\(usual)", found.first, layer: block)
      }
    }
    let rest = source.outputs.keys.filter { $0.text.hasPrefix(prefix) && !used.contains($0) }
    if let stray = rest.map(\.text).min() {
      throw ConversionFailure.architecture(
        "\(stray).scale and \(stray).zero_point belong to no layer and no sum of the network")
    }
    self.outputs = outputs
    inputs = layers.inputs.mapValues { names[$0] ?? $0 }
  }

  // MARK: Checks

  /// - Returns: The scale.
  private static func check(
    _ output: QuantizedStateDict.Output, _ module: String, _ file: PthFile
  ) throws -> Float {
    for entry in [output.scale, output.zeroPoint] {
      guard entry.layout.elementCount == 1, entry.shape.count <= 1, !entry.isMeta else {
        throw ConversionFailure.architecture("\(entry.name) has shape \(entry.shape); it is one number")
      }
    }
    guard output.scale.scalarType.isFloatingPoint, !output.zeroPoint.scalarType.isFloatingPoint else {
      throw ConversionFailure.architecture(
        "\(module).scale is \(output.scale.scalarType.rawValue) and \(module).zero_point "
          + "\(output.zeroPoint.scalarType.rawValue); expected float32 and int64")
    }
    let scale = try file.doubles(of: output.scale)[0]
    guard QuantizedTopology.isScale(scale) else {
      throw ConversionFailure.architecture(
        "\(output.scale.name) is \(scale); a scale is a positive normal float32 number")
    }
    let zero = try file.doubles(of: output.zeroPoint)[0]
    guard (0...255).contains(zero), zero == zero.rounded() else {
      throw ConversionFailure.architecture(
        "\(output.zeroPoint.name) is \(text(zero)); activations are quint8, so it is in 0...255")
    }
    return Float(scale)
  }

  private static func check(
    _ weight: TensorEntry, _ name: String, input: Float, output: Float
  ) throws {
    guard weight.scalarType == .qint8, let quantizer = weight.quantizer else {
      throw ConversionFailure.architecture(
        "only a part of the network is quantized: \(name) is \(weight.scalarType.rawValue), expected qint8")
    }
    guard let numbers = Dequantization(weight) else {
      throw ConversionFailure.architecture(
        "\(name) is quantized along axis \(quantizer.axis); PyTorch's engines compute with axis 0")
    }
    if let bad = numbers.scales.firstIndex(where: { !QuantizedTopology.isScale($0) }) {
      throw ConversionFailure.architecture(
        "scale \(bad) of \(name) is \(numbers.scales[bad]); a scale is a positive normal float32 number")
    }
    if let bad = numbers.scales.firstIndex(where: { scale in
      let product = input * Float(scale)
      return !product.isNormal || !(product / output).isFinite
    }) {
      throw ConversionFailure.architecture(
        "scale \(bad) of \(name) is \(numbers.scales[bad]), that of its input \(input) and that of its "
          + "output \(output): float32 cannot hold their products")
    }
    if let zeros = numbers.zeroPoints, let bad = zeros.firstIndex(where: { $0 != 0 }) {
      throw ConversionFailure.architecture(
        "zero point \(bad) of \(name) is \(text(zeros[bad])); the weights of a quantized ResNet are symmetric"
      )
    }
    let terms = weight.shape.dropFirst().reduce(1, *)
    guard terms <= QuantizedTopology.mostTerms else {
      throw ConversionFailure.architecture(
        "a sum of \(name) has \(terms) products, which a 32-bit accumulator cannot hold; the limit is "
          + "\(QuantizedTopology.mostTerms)")
    }
  }

  /// A zero point, which is an integer except in damaged files.
  private static func text(_ zero: Double) -> String { Int(exactly: zero).map(String.init) ?? "\(zero)" }

  private static func check(bias: TensorEntry, _ file: PthFile) throws {
    guard bias.scalarType == .float32 else {
      throw ConversionFailure.architecture("\(bias.name) is \(bias.scalarType.rawValue), expected float32")
    }
    if let bad = try file.doubles(of: bias).firstIndex(where: { !$0.isFinite }) {
      throw ConversionFailure.architecture("element \(bad) of \(bias.name) is not finite")
    }
  }
}

extension Quantizer {
  fileprivate var axis: Int {
    if case .perChannel(let axis, _, _) = self { axis } else { 0 }
  }
}
