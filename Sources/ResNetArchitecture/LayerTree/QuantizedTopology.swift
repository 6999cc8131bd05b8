/// The layers of a quantized network in execution order, each with the one that its input comes from.
///
/// Every layer and every residual sum has a scale and a zero point of its own for its output. Pooling keeps
/// those of its input.
public struct QuantizedTopology: Sendable {
  /// A layer or a sum.
  public struct Step: Sendable {
    /// What a step is.
    public enum Kind: Hashable, Sendable {
      /// A convolution or the classifier.
      case layer
      /// The sum of a block, and its ReLU.
      case sum(block: String)
    }

    /// Name of the layer, or of the block.
    public let name: String
    /// What it is.
    public let kind: Kind
  }

  /// In execution order.
  public let steps: [Step]
  /// The step that a layer's input comes from: a layer, a block, or ``input``.
  public let inputs: [String: String]

  /// The name of the network's own input in ``inputs``, which the module `quant` quantizes.
  public static let input = "quant"

  /// The most products that a sum may have: 255 · 128 · 65,793 is below 2^31, so no accumulator overflows.
  public static let mostTerms = 65_793

  /// Whether a number can be a scale: a positive normal float32 number.
  public static func isScale(_ value: Double) -> Bool {
    let narrow = Float(value)
    return narrow.isNormal && narrow > 0 && value.isFinite
  }

  /// Nil if the network has layers that quantized networks do not have; see ``refusal(_:)``.
  public init?(_ tree: LayerTree) {
    guard Self.refusal(tree) == nil else { return nil }
    var steps: [Step] = []
    var inputs: [String: String] = [:]
    var last = Self.input
    func add(_ name: String, from input: String) {
      steps.append(Step(name: name, kind: .layer))
      inputs[name] = input
    }
    for unit in tree.stem.units {
      add(unit.name, from: last)
      last = unit.name
    }
    for block in tree.blocks {
      let start = last
      for unit in block.body {
        add(unit.name, from: last)
        last = unit.name
      }
      if let unit = block.downsample { add(unit.name, from: start) }
      steps.append(Step(name: block.name, kind: .sum(block: block.name)))
      last = block.name
    }
    if let head = tree.head { add(head.name, from: last) }
    (self.steps, self.inputs) = (steps, inputs)
  }

  /// What a network has that no quantized network of torchvision has, as a clause; nil if nothing.
  public static func refusal(_ tree: LayerTree) -> String? {
    if tree.poolBlur != nil || tree.blocks.contains(where: { $0.antialiasing != nil }) {
      return "it has blurred strides"
    }
    if tree.blocks.contains(where: { $0.attention != nil }) { return "it has channel gates" }
    if let pool = tree.maxPool, pool.kind != .maximum { return "its first pooling is an average" }
    if tree.architecture.finalPool != .average { return "its last pooling is a maximum" }
    for block in tree.blocks {
      switch block.shortcut {
      case .identity, .projection(_, pool: nil): continue
      case .projection, .padded: return "\(block.name) has a shortcut with pooling or without weights"
      }
    }
    return nil
  }
}
