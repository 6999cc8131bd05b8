package import PthReader
internal import ResNetModel
package import SWT
internal import SWTBytes
internal import SWTConsole
package import SWTConversion
package import SWTTensorFiles
internal import SWTTensors

/// The integers, scales and zero points of a quantized network, for reports.
package struct QuantizedSummary: Sendable {
  /// A layer or a residual sum, or the network's input.
  package struct Layer: Sendable {
    package let name: String
    /// Type of the integers of its weight; nil without one.
    package let weight: String?
    /// Scales of the weight, one or one per filter.
    package let weightScales: [Double]
    /// Scale and zero point of its output; nil if they cannot be read.
    package let scale, zeroPoint: Double?
  }

  /// The engine that the file states; nil if none.
  package let engine: String?
  /// In execution order.
  package let layers: [Layer]

  /// Nil unless the file has a network of integers.
  package init?(_ file: SWTFile) {
    guard file.isQuantizedNetwork else { return nil }
    engine = file.quantizedEngineName
    func number(_ name: String) -> Double? {
      guard let view = try? file.view(named: name), let numbers = try? view.numbers(), numbers.count == 1
      else { return nil }
      return numbers[0]
    }
    layers = file.tensors.compactMap { info in
      guard info.role == .scale, info.name.hasSuffix(".scale") else { return nil }
      let module = String(info.name.dropLast(".scale".count))
      guard file.index(of: "\(module).zero_point") != nil else { return nil }
      let weight = file.index(of: "\(module).weight").map { file.info($0) }
      let scales = weight?.quantization.flatMap { record in
        try? file.view(file.quantization(record).scaleTensor).numbers()
      }
      return Layer(
        name: module, weight: weight?.dtype?.name, weightScales: scales ?? [], scale: number(info.name),
        zeroPoint: number("\(module).zero_point"))
    }
  }

  /// Nil unless the layers of the network are integers.
  package init?(_ network: NetworkStateDict, _ file: PthFile) {
    guard let quantized = network.quantized else { return nil }
    engine = nil
    func number(_ entry: TensorEntry) -> Double? { (try? file.doubles(of: entry))?.first }
    let numbers = quantized.numbers
    layers = stride(from: 0, to: numbers.count - 1, by: 2).map { index in
      let module = String(numbers[index].name.dropLast(".scale".count))
      let weight = network.tensors.first { $0.parameter.name == "\(module).weight" }?.entry
      let scales: [Double] =
        switch weight?.quantizer {
        case .perTensor(let scale, _): [scale]
        case .perChannel(_, let scales, _): scales
        case nil: []
        }
      return Layer(
        name: module, weight: weight?.scalarType.rawValue, weightScales: scales,
        scale: number(numbers[index].entry), zeroPoint: number(numbers[index + 1].entry))
    }
  }

  /// `int8 weights, one scale per filter; uint8 activations; engine x86`.
  package var sentence: String {
    let weights = layers.filter { $0.weight != nil }
    let perFilter = weights.contains { $0.weightScales.count > 1 }
    let type = weights.first?.weight ?? "int8"
    return "\(type) weights, one scale per \(perFilter ? "filter" : "tensor"); uint8 activations; "
      + (engine.map { "engine \(Text.fitted($0, 40))" } ?? "no engine stated")
  }

  package var json: JSONValue {
    [
      "engine": engine.map { .string($0) } ?? .null, "activations": "quint8",
      "layers": .array(
        layers.map { layer in
          [
            "name": .string(layer.name), "weight": layer.weight.map { .string($0) } ?? .null,
            "weight_scales": .array(layer.weightScales.map { .double($0) }),
            "scale": layer.scale.map { .double($0) } ?? .null,
            "zero_point": layer.zeroPoint.map { .double($0) } ?? .null,
          ]
        }),
    ]
  }

  /// Headings and rows of a table: layer, type and scales of the weight, scale and zero point of the output.
  package static let heading = ["layer", "weight", "scales of the weight", "scale", "zero point"]
  package var rows: [[String]] {
    layers.map { layer in
      let scales = layer.weightScales
      let range =
        scales.count > 1
        ? "\(scales.count): \(Text.scientific(scales.min() ?? 0)) … \(Text.scientific(scales.max() ?? 0))"
        : scales.first.map(Text.scientific) ?? ""
      return [
        Text.fitted(layer.name, 100), layer.weight ?? "", range, layer.scale.map(Text.scientific) ?? "?",
        layer.zeroPoint.map { Int(exactly: $0).map(String.init) ?? Text.scientific($0) } ?? "?",
      ]
    }
  }
}
