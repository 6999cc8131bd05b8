internal import SWTBytes
internal import SWTTensors

// Traced quantized modules.

extension ScriptCode {
  /// The scale and the zero point of a module's output.
  struct QuantizedNumbers {
    let module: String
    let scale: Double
    let zeroPoint: Int
  }

  /// The numbers that traced code has as literals.
  ///
  /// A traced module has no Python numbers: the scale and zero point of a linear layer and of a residual sum are
  /// arguments of `ops.quantized.linear(input, packed, scale, zero_point)` and, in the block's code, of
  /// `ops.quantized.add_relu(a, b, scale, zero_point)`. Convolutions have theirs in their state too.
  func quantizedNumbers(_ modules: [ModuleRecord], types: [String]) -> [QuantizedNumbers] {
    // The sums of a block are those of its QFunctional modules.
    var sums: [ExactString: [String]] = [:]
    for module in modules where module.type.hasSuffix(".quantized.modules.functional_modules.QFunctional") {
      let block = module.name.split(separator: ".").dropLast().joined(separator: ".")
      sums[ExactString(block), default: []].append(module.name)
    }
    var found: [QuantizedNumbers] = []
    for (module, type) in zip(modules, types) {
      guard let calls = classes[type]?.calls else { continue }
      let isLinear = module.type.hasSuffix(".quantized.modules.linear.Linear")
      guard isLinear || sums[ExactString(module.name)] != nil else { continue }
      let numbers = calls.compactMap { call -> (Double, Int)? in
        let isOwn = isLinear ? call.function == "linear" : ["add", "add_relu"].contains(call.function)
        guard isOwn, call.arguments.count == 4, case .float(let scale) = call.arguments[2],
          case .int(let zeroPoint) = call.arguments[3]
        else { return nil }
        return (scale, zeroPoint)
      }
      // Which of several belongs to which is not known; what is missing is reported as such.
      let names = isLinear ? [module.name] : sums[ExactString(module.name)] ?? []
      guard numbers.count == 1, names.count == 1 else { continue }
      found.append(QuantizedNumbers(module: names[0], scale: numbers[0].0, zeroPoint: numbers[0].1))
    }
    return found
  }
}

extension Checkpoint {
  /// Adds scales and zero points that traced code states, as the tensors of the module's `state_dict()`.
  mutating func add(
    _ numbers: [ScriptCode.QuantizedNumbers], limits: ParseLimits
  ) throws(ParseFailure) {
    guard !numbers.isEmpty else { return }
    var names = Set(tensors.map { ExactString($0.name) })
    for module in numbers {
      let values = try TensorEntry.outputNumbers(
        scale: module.scale, zeroPoint: module.zeroPoint, label: "a number in TorchScript's code")
      for (leaf, tensor) in values where names.insert(ExactString("\(module.module).\(leaf)")).inserted {
        let path = module.module.split(separator: ".").map { PathComponent.key(String($0)) } + [.key(leaf)]
        try add(tensor, path: path, limits: limits)
      }
    }
  }
}
