package import ResNetArchitecture
package import ResNetEngine
package import SWT
internal import SWTThreads

// Quantized networks in weight files.

extension SWTFile {
  /// Whether the metadata describe a network of integers.
  package var isQuantizedNetwork: Bool { metadata("arch.quantized") == .bool(true) }

  /// The name of the engine that the file states; nil if none.
  package var quantizedEngineName: String? {
    guard case .text(let name) = metadata("quantized.engine") else { return nil }
    return name
  }

  /// Checks every scale, zero point, size and link of a network of integers.
  ///
  /// - Parameter tree: The layers of the network.
  /// - Throws: As ``quantizedNetwork(_:)``.
  package func checkQuantizedNetwork(_ tree: LayerTree) throws {
    let network = try quantizedNetwork(tree)
    _ = try QuantizedEngine(
      network, try statedBackend(nil), threads: ThreadPool(count: 1), instructions: .portable)
  }

  /// The engine that was requested, or that the file states, or else PyTorch's usual one.
  ///
  /// - Throws: ``InferenceError`` if the file states an engine that is not known.
  package func statedBackend(_ requested: QuantizedBackend?) throws(InferenceError) -> QuantizedBackend {
    if let requested { return requested }
    guard let name = quantizedEngineName else { return .standard }
    guard let backend = QuantizedBackend(rawValue: name) else {
      let known = QuantizedBackend.allCases.map(\.rawValue).joined(separator: ", ")
      throw .quantization("metadata quantized.engine is not one of \(known)")
    }
    return backend
  }

  /// The integers, scales and zero points of a network.
  ///
  /// - Throws: ``SWTError`` if a tensor is missing or damaged; ``InferenceError`` if a number is not one that
  ///   an engine computes with.
  func quantizedNetwork(_ tree: LayerTree) throws -> QuantizedNetwork {
    guard let topology = QuantizedTopology(tree) else {
      throw InferenceError.quantization(
        QuantizedTopology.refusal(tree) ?? "the network cannot be quantized")
    }
    var modules = [QuantizedTopology.input: "quant"]
    for step in topology.steps {
      switch step.kind {
      case .layer: modules[step.name] = step.name
      case .sum(let block):
        let names = ["skip_add_relu", "add_relu"].map { "\(block).\($0)" }
        modules[step.name] = names.first { index(of: "\($0).scale") != nil } ?? names[0]
      }
    }
    var layers: [String: QuantizedLayer] = [:]
    var sums: [String: QuantizationNumbers] = [:]
    for step in topology.steps {
      let output = try numbers(modules[step.name] ?? step.name)
      guard step.kind == .layer else {
        sums[step.name] = output
        continue
      }
      let source = topology.inputs[step.name].flatMap { modules[$0] } ?? "quant"
      let hasBias = step.name != tree.head?.name || tree.head?.hasBias == true
      layers[step.name] = try quantizedLayer(step.name, input: source, output, hasBias: hasBias)
    }
    return try QuantizedNetwork(tree, input: try numbers("quant"), layers: layers, sums: sums)
  }

  private func numbers(_ module: String) throws -> QuantizationNumbers {
    let scale = try view(named: "\(module).scale").numbers()
    let zero = try view(named: "\(module).zero_point").numbers()
    guard scale.count == 1, zero.count == 1, let integer = Int(exactly: zero[0]) else {
      throw InferenceError.quantization(
        "\(module).scale and \(module).zero_point have \(scale.count) and \(zero.count) values, expected one "
          + "number each")
    }
    return try QuantizationNumbers(module, scale: scale[0], zero: integer)
  }

  private func quantizedLayer(
    _ name: String, input: String, _ output: QuantizationNumbers, hasBias: Bool
  ) throws -> QuantizedLayer {
    let weight = try view(named: "\(name).weight")
    let info = weight.info
    guard weight.dtype == .i8, info.isRowMajor, let number = info.quantization, let filters = info.shape.first
    else {
      throw InferenceError.quantization("\(name).weight is not a row-major i8 tensor with its quantization")
    }
    let record = quantization(number)
    let isPerFilter = record.scheme == .perChannel && record.axis == 0
    guard record.isSymmetric, isPerFilter || record.scheme == .perTensor else {
      throw InferenceError.quantization(
        "\(name).weight is not symmetric, with one scale or one per filter")
    }
    let linked = [record.activationScaleTensor, record.activationZeroTensor].map {
      $0.map { self.info($0).name }
    }
    guard linked == ["\(input).scale", "\(input).zero_point"] else {
      throw InferenceError.quantization(
        "the quantization record of \(name).weight names another input than \(input)")
    }
    let scales = try view(record.scaleTensor).numbers()
    guard isPerFilter || scales.count == 1 else {
      throw InferenceError.quantization("\(name).weight has \(scales.count) scales")
    }
    let weights = unsafe weight.withUnsafeBytes { bytes in unsafe bytes.map { Int8(bitPattern: $0) } }
    return QuantizedLayer(
      weights: weights,
      scales: isPerFilter ? scales.map { Float($0) } : Array(repeating: Float(scales[0]), count: filters),
      bias: hasBias
        ? try view(named: "\(name).bias").numbers().map { Float($0) } : Array(repeating: 0, count: filters),
      output: output)
  }
}
