internal import PthReader
internal import SWTBytes
internal import SWTTensors

/// The tensors of a file as a network has them, if its layers are quantized: packed weights under the names of
/// plain ones, and the scales and zero points of outputs apart.
struct QuantizedStateDict {
  /// Scale and zero point of a module's output.
  struct Output: Sendable {
    let scale: TensorEntry
    let zeroPoint: TensorEntry
  }

  /// Every tensor except the numbers in ``outputs``.
  let tensors: [TensorEntry]
  /// By the name of the module in the file.
  let outputs: [ExactString: Output]
  /// What cannot be a quantized network, in words; nil if nothing. It explains why tensors do not fit.
  let cause: String?

  /// Nil if no convolution of the file is quantized.
  init?(_ entries: [TensorEntry]) {
    guard entries.contains(where: { $0.quantizer != nil && $0.shape.count == 4 }) else { return nil }
    let byName = Dictionary(
      entries.map { (ExactString($0.name), $0) }, uniquingKeysWith: { first, _ in first })
    var outputs: [ExactString: Output] = [:]
    var tensors: [TensorEntry] = []
    var ofGraph: Set<ExactString> = []
    for entry in entries {
      guard let (module, partner) = Self.graphScale(entry.name), outputs[ExactString(module)] == nil,
        let zero = byName[ExactString(partner)]
      else { continue }
      outputs[ExactString(module)] = Output(scale: entry, zeroPoint: zero)
      ofGraph.formUnion([ExactString(entry.name), ExactString(partner)])
    }
    for entry in entries where !ofGraph.contains(ExactString(entry.name)) {
      if let module = entry.name.without(".scale"), let zero = byName[ExactString(module + ".zero_point")] {
        outputs[ExactString(String(module))] = Output(scale: entry, zeroPoint: zero)
        continue
      }
      if let module = entry.name.without(".zero_point"), byName[ExactString(module + ".scale")] != nil {
        continue
      }
      var entry = entry
      for (packed, plain) in Self.packed {
        guard let module = entry.name.without(packed), byName[ExactString(module + plain)] == nil else {
          continue
        }
        entry.name = module + plain
      }
      tensors.append(entry)
    }
    (self.tensors, self.outputs) = (tensors, outputs)
    cause = Self.cause(tensors)
  }

  /// The first number without its partner, weight without bias, or bias of another length.
  private static func cause(_ tensors: [TensorEntry]) -> String? {
    let shapes = Dictionary(
      tensors.map { (ExactString($0.name), $0.shape) }, uniquingKeysWith: { first, _ in first })
    for entry in tensors {
      for (mine, other) in [(".scale", ".zero_point"), (".zero_point", ".scale")] {
        guard let module = entry.name.without(mine), entry.shape.count <= 1 else { continue }
        return "\(entry.name) has no \(module + other): a quantized layer has both"
      }
      if entry.quantizer != nil, entry.name.hasSuffix(".bias") {
        return "\(entry.name) is quantized: expected a float32 bias after its layer's weight"
      }
      guard let module = entry.name.without(".weight"), entry.quantizer != nil else { continue }
      guard entry.shape.count == 4 || entry.shape.count == 2 else {
        return "\(entry.name) has shape \(entry.shape), expected that of a convolution or a linear layer"
      }
      guard let bias = shapes[ExactString(module + ".bias")] else {
        guard entry.shape.count == 4 else { continue }
        return "\(module).bias is missing: BatchNorm is folded into it"
      }
      guard bias == [entry.shape[0]] else {
        return "\(module).bias has shape \(bias), and \(entry.name) has \(entry.shape[0]) filters"
      }
    }
    return nil
  }

  /// The module that a scale of FX graph mode is of, and the key of its zero point: the numbers of the input and of
  /// sums are attributes of the whole network there, `conv1_input_scale_0` and `layer1_0_relu_scale_0`.
  ///
  /// Source: torch/ao/quantization/fx/convert.py.
  private static func graphScale(_ name: String) -> (module: String, zeroPoint: String)? {
    let start = name.lastIndex(of: ".").map { name.index(after: $0) } ?? name.startIndex
    let prefix = name[..<start]
    let words = name[start...].split(separator: "_", omittingEmptySubsequences: false)
    guard words.count > 2, let number = words.last, Int(number) != nil, words[words.count - 2] == "scale"
    else {
      return nil
    }
    let node = words.dropLast(2)
    let zeroPoint = "\(prefix)\(node.joined(separator: "_"))_zero_point_\(number)"
    let isStage = node[0].hasPrefix("layer") && Int(node[0].dropFirst(5)) != nil
    if node.last == "input", !isStage { return ("\(prefix)quant", zeroPoint) }
    guard isStage, node.count > 1, Int(node[1]) != nil else { return nil }
    // A block has one sum, which torchvision's quantizable blocks leave without a name. Two numbers get two names,
    // and are refused.
    let sum = node.count > 2 ? node.dropFirst(2).joined(separator: "_") : "sum"
    return ("\(prefix)\(node[0]).\(node[1]).\(sum)_\(number)", zeroPoint)
  }

  /// Keys of a linear layer's packed parameters since version 3 and in version 2 of its state dict.
  ///
  /// Source: torch/ao/nn/quantized/modules/linear.py.
  private static let packed = [
    ("._packed_params._packed_params.0", ".weight"), ("._packed_params._packed_params.1", ".bias"),
    ("._packed_params.weight", ".weight"), ("._packed_params.bias", ".bias"),
  ]
}

extension String {
  fileprivate func without(_ ending: String) -> Substring? {
    hasSuffix(ending) ? dropLast(ending.count) : nil
  }
}
