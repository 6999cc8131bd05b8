internal import PthReader
internal import ResNetArchitecture
internal import SWT

// The tensors of a quantized network.

extension ConversionPlan {
  /// The plan of a network whose layers are integers.
  ///
  /// - Throws: ``ConversionFailure`` if the options ask for another precision without asking for real numbers.
  static func quantized(
    _ network: NetworkStateDict, _ layers: QuantizedLayers, _ options: ConversionOptions
  ) throws -> (tensors: [PlannedTensor], sources: [(name: String, entry: TensorEntry)], dropped: [String]) {
    let numbers = layers.numbers
    var sources = network.tensors.map { ($0.parameter.name, $0.entry) }
    if options.dequantizes {
      let stem = network.tree.stem.units.first?.name
      let tensors = network.tensors.map { parameter, entry -> PlannedTensor in
        guard let numbers = Dequantization(entry) else {
          return PlannedTensor(name: parameter.name, role: .parameter, recipe: .keep(entry))
        }
        let isSensitive =
          parameter.role == .linearWeight || parameter.name == stem.map { "\($0).weight" }
        return PlannedTensor(
          name: parameter.name, role: .parameter,
          recipe: .dequantized(
            entry, numbers, precision: options.precision,
            width: options.wideLayers.width(of: parameter.name, isSensitive: isSensitive)))
      }
      return (tensors, sources, numbers.map(\.name))
    }
    guard options.precision == nil else {
      throw ConversionFailure.architecture(
        "the network is quantized already: its integers, scales and zero points are stored as they are",
        .say("another precision needs real numbers: dequantize it"))
    }
    sources += numbers.map { ($0.name, $0.entry) }
    return (inOrder(network, layers), sources, [])
  }

  /// The input's numbers; then each layer's weight, bias, scale and zero point, and each sum's two numbers.
  private static func inOrder(_ network: NetworkStateDict, _ layers: QuantizedLayers) -> [PlannedTensor] {
    var parameters: [String: [(parameter: ParameterSpec, entry: TensorEntry)]] = [:]
    for tensor in network.tensors {
      let name = tensor.parameter.name
      parameters[String(name[..<(name.lastIndex(of: ".") ?? name.endIndex)]), default: []].append(tensor)
    }
    var planned: [PlannedTensor] = []
    for (module, scale, zeroPoint) in layers.outputs {
      for (parameter, entry) in parameters[module] ?? [] {
        let isWeight = entry.quantizer != nil
        planned.append(
          PlannedTensor(
            name: parameter.name, role: .parameter,
            recipe: isWeight ? .quantized(entry, input: layers.inputs[module] ?? "") : .keep(entry)))
      }
      planned.append(PlannedTensor(name: scale.name, role: .scale, recipe: .keep(scale.entry)))
      planned.append(PlannedTensor(name: zeroPoint.name, role: .zeroPoint, recipe: .keep(zeroPoint.entry)))
    }
    return planned
  }
}
