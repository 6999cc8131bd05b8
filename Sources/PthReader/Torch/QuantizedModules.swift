internal import SWTBytes
internal import SWTTensors

/// Quantized modules saved whole, or as TorchScript: numbers and packed weights become the tensors of their
/// `state_dict()`.
///
/// Sources: torch/ao/nn/quantized/modules, conv.py (`__getstate__`), linear.py, functional_modules.py; until
/// PyTorch 1.12 torch/nn/quantized.
extension StateDictWalk {
  /// `torch.ao.nn.quantized.modules.conv.Conv2d` and the like, also under TorchScript's names.
  static func isQuantized(_ type: GlobalName?) -> Bool {
    guard let type else { return false }
    let name = demangled(type)
    return name.hasPrefix("torch.ao.nn.quantized.") || name.hasPrefix("torch.nn.quantized.")
      || name.hasPrefix("torch.ao.nn.intrinsic.quantized.") || name.hasPrefix("torch.nn.intrinsic.quantized.")
  }

  /// Adds a convolution's tensors if `state` is the tuple that its class pickles; else does nothing.
  ///
  /// The tuple: channels in and out, kernel, stride, padding, dilation, transposed, output padding, groups,
  /// padding mode, weight, bias, scale, zero point, training.
  mutating func addQuantizedConvolution(_ type: GlobalName, _ state: NodeID) throws(ParseFailure) -> Bool {
    guard arena.kind(state) == .tuple, let parts = arena.fewElements(state),
      Self.demangled(type).split(separator: ".").last?.contains("Conv") == true
    else { return false }
    guard leavingOut == nil else { return true }
    // Without `training` until PyTorch 1.4.
    guard parts.count == 14 || parts.count == 15 else {
      throw ParseFailure(
        .invalid("the state of the quantized convolution \(name) is a tuple of \(parts.count), expected 15"))
    }
    let names = [
      "in_channels", "out_channels", "kernel_size", "stride", "padding", "dilation", "transposed",
      "output_padding", "groups", "padding_mode",
    ]
    try addModule(type, attributes: [])
    for (name, part) in zip(names, parts) {
      let value = plain(part)
      if value != .other { findings.modules[findings.modules.count - 1].attributes[name] = value }
    }
    try addTensor(parts[10], "weight")
    if arena.kind(parts[11]) != .none { try addTensor(parts[11], "bias") }
    try addNumbers(scale: parts[12], zeroPoint: parts[13])
    return true
  }

  /// Adds the output's scale and zero point of a linear layer or a residual sum, which are Python numbers.
  mutating func addQuantizedNumbers(
    _ attributes: [(key: NodeID, value: NodeID)]
  ) throws(ParseFailure) {
    var found: [String: NodeID] = [:]
    for (key, value) in attributes {
      guard let bytes = arena.byteCount(key), bytes <= 16, let name = arena.text(key) else { continue }
      found[name] = value
    }
    guard let scale = found["scale"], let zeroPoint = found["zero_point"],
      arena.float(scale) != nil || arena.int(scale) != nil, arena.kind(zeroPoint) == .int
    else { return }
    try addNumbers(scale: scale, zeroPoint: zeroPoint)
  }

  /// The packed parameters of a linear layer in a state dict are a tuple of weight and bias.
  ///
  /// - Throws: ``ParseFailure`` if one has another number of elements.
  func requirePairs(_ items: [(key: NodeID, value: NodeID)]) throws(ParseFailure) {
    for (key, value) in items {
      guard arena.kind(value) == .tuple || arena.kind(value) == .list, arena.byteCount(key) ?? 0 >= 14,
        let text = arena.text(key), text.hasSuffix("_packed_params"),
        arena.elementCount(value) != 2
      else { continue }
      throw ParseFailure(
        .invalid(
          "\(text) is a tuple of \(arena.elementCount(value)), expected weight and bias of a linear layer"))
    }
  }

  /// Adds the packed weight and bias of a linear layer, which a pickled module has as an attribute.
  mutating func addPackedLinear(
    _ type: GlobalName?, _ attributes: [(key: NodeID, value: NodeID)]
  ) throws(ParseFailure) -> Bool {
    guard leavingOut == nil, Self.demangled(type).hasSuffix(".LinearPackedParams") else { return false }
    for (key, value) in attributes where arena.byteCount(key) == 14 && arena.text(key) == "_packed_params" {
      var pair = value
      if let object = arena.object(value) { pair = object.states.first ?? value }
      // ((weight, bias), class) in a pickle; (weight, bias) in TorchScript.
      for _ in 0..<2 {
        guard arena.kind(pair) == .tuple, let parts = arena.fewElements(pair), parts.count == 2 else { break }
        if arena.kind(parts[0]) == .tuple {
          pair = parts[0]
          continue
        }
        place.append(Step(component: .key("_packed_params")))
        defer { place.removeLast() }
        try addTensor(parts[0], "0")
        if arena.kind(parts[1]) != .none { try addTensor(parts[1], "1") }
        return true
      }
      throw ParseFailure(.invalid("\(name)._packed_params is not a tuple of weight and bias"))
    }
    return false
  }

  private mutating func addTensor(_ id: NodeID, _ leaf: String) throws(ParseFailure) {
    place.append(Step(component: .key(leaf)))
    defer { place.removeLast() }
    do throws(ParseFailure) {
      switch try decoder.decode(id) {
      case .tensors(let parts, _): try add(parts, sparse: nil)
      case .sameAs(let other):
        guard case .tensors(let parts, _) = try decoder.decode(other) else { break }
        try add(parts, sparse: nil)
      default: throw ParseFailure(.invalid("the \(leaf) of a quantized module is not a tensor"))
      }
    } catch {
      throw error.inside("tensor \(name)")
    }
  }

  private mutating func addNumbers(scale: NodeID, zeroPoint: NodeID) throws(ParseFailure) {
    guard let value = arena.float(scale) ?? arena.int(scale).map(Double.init), let zero = arena.int(zeroPoint)
    else {
      throw ParseFailure(.invalid("scale and zero point of \(name) are not numbers"))
    }
    let numbers = try TensorEntry.outputNumbers(scale: value, zeroPoint: zero, label: "a Python number")
    for (leaf, tensor) in numbers {
      place.append(Step(component: .key(leaf)))
      defer { place.removeLast() }
      try add(tensor)
    }
  }
}
