public import ResNetArchitecture

/// What a forward pass gives back: the output and the layers that were asked for.
public struct ForwardResult<Scalar: BinaryFloatingPoint & Sendable>: Hashable, Sendable {
  /// Logits `[N, classes]`, or the last map `[N, C, h, w]` of a headless network.
  public var output: FeatureMap<Scalar>
  /// Outputs of named layers.
  public var taps: [String: FeatureMap<Scalar>]

  /// A result; ``taps`` by the names that were asked for.
  public init(output: FeatureMap<Scalar>, taps: [String: FeatureMap<Scalar>] = [:]) {
    self.output = output
    self.taps = taps
  }
}

/// Something that computes the network; its scalar says how precisely.
///
/// Taps are named as in torchvision's state dict: the stages `conv1` (after BatchNorm and ReLU), `maxpool`,
/// `layer1.0` … , `avgpool` (`[N, C]`) and `fc` (also called by
/// ``/ResNetArchitecture/LayerTree/outputName``), and single convolutions such as `layer1.0.conv2` or
/// `layer1.0.downsample.0`: their output after BatchNorm, and after the ReLU where one follows directly.
/// `layer1.0.se` is a gated body before the residual sum.
public protocol ForwardEngine<Scalar> {
  /// The type that the network is computed in.
  associatedtype Scalar: BinaryFloatingPoint & Sendable

  /// The network that this engine computes.
  var tree: LayerTree { get }

  /// Computes the whole network.
  ///
  /// - Parameters:
  ///   - input: `[N, 3, H, W]`, normalized as in training; any `N`, `H`, `W` of at least 1.
  ///   - taps: Names of the layers whose output to keep.
  /// - Returns: The output of the last stage, and the taps.
  /// - Throws: ``InferenceError``, or what the weight source throws.
  func run(_ input: FeatureMap<Float>, taps: Set<String>) throws -> ForwardResult<Scalar>

  /// Computes one stage alone from a given input ("teacher forcing").
  ///
  /// - Parameters:
  ///   - stage: `conv1`, `maxpool`, `layer1.0` … , `avgpool` or `fc`.
  ///   - input: What the stage before put out; its shape may differ from any earlier run.
  ///   - taps: Names of layers in that stage whose output to keep.
  /// - Returns: The output of the stage, and the taps.
  /// - Throws: ``InferenceError``, or what the weight source throws.
  func runStage(
    _ stage: String, _ input: FeatureMap<Float>, taps: Set<String>
  ) throws -> ForwardResult<Scalar>
}

extension ForwardEngine {
  /// The output for images `[N, C, H, W]`, without taps.
  ///
  /// - Throws: ``InferenceError`` when the shape is not one that the network takes.
  public func run(_ input: FeatureMap<Float>) throws -> ForwardResult<Scalar> {
    try run(input, taps: [])
  }

  /// The output of one stage for an input of that stage's own shape, without taps.
  ///
  /// - Throws: ``InferenceError`` when there is no such stage, or the shape is not one that it takes.
  public func runStage(_ stage: String, _ input: FeatureMap<Float>) throws -> ForwardResult<Scalar> {
    try runStage(stage, input, taps: [])
  }
}

extension LayerTree {
  /// The tap name that `name` stands for: `logits` and `layer4` name the last stage.
  package func canonicalTap(_ name: String) -> String {
    name == outputName ? (tapNames.last ?? name) : name
  }

  /// The stage that computes the tap `name`: itself, or the block that a convolution belongs to.
  package func stage(ofTap name: String) throws(InferenceError) -> String {
    let name = canonicalTap(name)
    if tapNames.contains(name) { return name }
    for block in blocks {
      if block.attention?.name == name || block.convolutions.contains(where: { $0.name == name }) {
        return block.name
      }
    }
    if stem.units.contains(where: { $0.name == name }) { return stem.name }
    throw .unknownTap(name)
  }
}
