public import ResNetArchitecture

/// Which of PyTorch's engines a quantized network is computed with: their roundings differ.
///
/// On the same weights they are 2 to 11 % apart (relative L2 norm of the logits), so a result is right only for
/// the engine that it is of. The names are those of `torch.backends.quantized.engine`.
public enum QuantizedBackend: String, CaseIterable, Sendable {
  /// FBGEMM: convolutions and the classifier.
  case fbgemm
  /// Convolutions by oneDNN, the classifier by FBGEMM, on a processor with VNNI.
  case x86
  /// oneDNN: convolutions and the classifier.
  case onednn
  /// QNNPACK, also for sums, which are in fixed point.
  case qnnpack

  /// What is used where nothing states an engine: PyTorch's default on x86-64.
  public static let standard = QuantizedBackend.x86
}

/// A scale and a zero point: `real = scale × (q − zero)`.
public struct QuantizationNumbers: Hashable, Sendable {
  /// Positive and normal.
  public let scale: Float
  /// In 0...255.
  public let zero: Int32

  /// - Throws: ``InferenceError/quantization(_:)`` if they cannot be numbers of a `quint8` feature map.
  public init(_ name: String, scale: Double, zero: Int) throws(InferenceError) {
    guard QuantizedTopology.isScale(scale) else {
      throw .quantization("\(name).scale is \(scale); a scale is a positive normal float32 number")
    }
    guard 0...255 ~= zero else {
      throw .quantization("\(name).zero_point is \(zero); expected 0 to 255")
    }
    (self.scale, self.zero) = (Float(scale), Int32(zero))
  }
}

/// The integers of a convolution or of the classifier.
public struct QuantizedLayer: Sendable {
  /// Row-major, `[filters, inputs per group, kernel, kernel]` or `[classes, features]`.
  public let weights: [Int8]
  /// One per filter.
  public let scales: [Float]
  /// One per filter, in float32.
  public let bias: [Float]
  /// Scale and zero point of the output.
  public let output: QuantizationNumbers

  /// Creates a layer; sizes and scales are checked when it is packed.
  public init(weights: [Int8], scales: [Float], bias: [Float], output: QuantizationNumbers) {
    (self.weights, self.scales, self.bias, self.output) = (weights, scales, bias, output)
  }
}

/// A network whose layers are integers.
public struct QuantizedNetwork: Sendable {
  /// The layers of the network.
  public let tree: LayerTree
  /// Scale and zero point of the input.
  public let input: QuantizationNumbers
  /// By the layer's name.
  public let layers: [String: QuantizedLayer]
  /// By the block's name.
  public let sums: [String: QuantizationNumbers]
  let topology: QuantizedTopology

  /// - Throws: ``InferenceError/quantization(_:)`` if the network has layers that quantized networks do not
  ///   have; ``InferenceError/missingTensor(_:)`` if a layer or a sum is missing.
  public init(
    _ tree: LayerTree, input: QuantizationNumbers, layers: [String: QuantizedLayer],
    sums: [String: QuantizationNumbers]
  ) throws(InferenceError) {
    guard let topology = QuantizedTopology(tree) else {
      throw .quantization(QuantizedTopology.refusal(tree) ?? "the network cannot be quantized")
    }
    for step in topology.steps {
      switch step.kind {
      case .layer: if layers[step.name] == nil { throw .missingTensor("\(step.name).weight") }
      case .sum(let block): if sums[block] == nil { throw .missingTensor("\(block).skip_add_relu.scale") }
      }
    }
    (self.tree, self.input, self.layers, self.sums) = (tree, input, layers, sums)
    self.topology = topology
  }

  /// Scale and zero point of the output of a layer, of a block, or of the input.
  func numbers(of step: String) -> QuantizationNumbers {
    layers[step]?.output ?? sums[step] ?? input
  }
}
