package import ResNetArchitecture
package import SWTBytes
package import SWTChecksums
package import SWTTensorFiles

/// A golden test: an input, the output of a trusted implementation for it, and the error to expect of a
/// correct one.
///
/// Metadata and tensors are kept as they were read; everything else is derived from them by the initializer
/// and checked against the architecture. Every value of this type is therefore consistent, and writing it
/// back loses nothing, including keys of later versions.
package struct Golden: Equatable, Sendable {
  /// A tensor of the file, used or not.
  package struct Stored: Equatable, Sendable {
    package let name: String
    package let data: TensorData

    package init(name: String, _ data: TensorData) {
      self.name = name
      self.data = data
    }
  }

  /// Largest error of any correct float32 implementation against the float64 reference.
  package struct Floor: Equatable, Sendable {
    /// `‖t − r‖₂ / ‖r‖₂`
    package let relL2: Double
    /// `max |t − r| / std(r)`
    package let maxOverStd: Double

    package init(relL2: Double, maxOverStd: Double) {
      self.relL2 = relL2
      self.maxOverStd = maxOverStd
    }
  }

  /// The output of the network.
  package struct Output: Equatable, Sendable {
    /// `logits`, or `layer4` for a headless network.
    package let name: String
    /// `[N, classes]` or `[N, C, h, w]`.
    package let shape: [Int]
    /// The float64 pass; without one, the float32 pass converted to float64.
    package let reference: [Double]
    /// The float32 pass of the same implementation, if stored.
    package let float32: [Float]?
    /// Whether the reference is a float32 pass, and so has rounding errors of its own.
    package let isFloat32Only: Bool
  }

  /// All metadata, in file order.
  package let metadata: OrderedStrings
  /// All tensors, in file order.
  package let tensors: [Stored]

  package let name: String
  /// The software that computed the reference, such as `torch 2.13.0 CPU`.
  package let producer: String
  package let architecture: Architecture
  package let input: GoldenInput
  package let output: Output
  /// In execution order.
  package let taps: [GoldenTap]
  package let floors: GoldenFloors
  /// SHA-256 of each tensor of the state dict that computed it, by name in the state dict.
  package let digests: [ExactString: SHA256Digest]
  /// SHA-256 over all of them.
  package let weightsDigest: SHA256Digest?
  /// Labels of the five largest outputs, per item of the batch; empty if not stored.
  package let labelsTop5: [[Int]]
  /// The largest accepted error, in floors.
  package let k: Double

  /// Parses and checks metadata and tensors; heights and widths of maps only if `sizesAreOpen` is false.
  ///
  /// - Throws: ``GoldenFailure`` if this is not a golden, is of a later version, or contradicts itself.
  package init(
    metadata: OrderedStrings, tensors: [Stored], sizesAreOpen: Bool = false
  ) throws(GoldenFailure) {
    let fields = GoldenFields(metadata: metadata, tensors: tensors, sizesAreOpen: sizesAreOpen)
    try fields.requireVersion()
    let architecture = try fields.architecture()
    let input = try fields.input()
    let tree = LayerTree(architecture)
    guard input.shape[1] == architecture.inputChannels else {
      throw .inconsistent(
        "the input has shape \(input.shape); expected [N, \(architecture.inputChannels), H, W]")
    }
    guard tree.accepts(imageSize: input.shape[2]), tree.accepts(imageSize: input.shape[3]) else {
      throw .inconsistent("the network's kernels do not fit into its input, \(input.shape)")
    }
    let shapes = TapShapes(tree, input: input.shape)

    self.metadata = metadata
    self.tensors = tensors
    self.architecture = architecture
    self.input = input
    name = metadata["name"] ?? ""
    producer = metadata["producer"] ?? "unknown"
    output = try fields.output(shapes)
    taps = try fields.taps(shapes)
    floors = try fields.floors()
    digests = try fields.digests()
    weightsDigest = try fields.digest("weights_digest")
    labelsTop5 = try fields.labels(output)
    k = try fields.tolerance()
  }

  /// `reference` if another implementation computed the expectation; `self` if this program did, which can
  /// show a change but proves nothing.
  package var kind: String { metadata["kind"] ?? "reference" }

  /// SHA-256 of the checkpoint file, or `formula:` and the SHA-256 of a formula; nil if not recorded.
  package var sourceSHA256: String? { metadata["source_sha256"] }

  /// The preprocessing that made the input from an image; `none` if the input is stored or computed by a
  /// formula.
  package var preprocess: String { metadata["preprocess"] ?? "none" }

  package func tap(_ name: String) -> GoldenTap? { taps.first { $0.name == name } }
}
