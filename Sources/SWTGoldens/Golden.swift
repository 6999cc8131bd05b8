package import ResNetArchitecture
package import SWTChecksums
package import SWTTensorFiles

/// A golden test: an input, what a trusted implementation made of it, and how far a correct one may be off.
///
/// A golden is its metadata and its tensors, kept as they were read; all else is derived from them when it is
/// made, and checked against its own architecture. So a golden in hand is consistent, and writing it back
/// loses nothing, keys of later versions included.
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

  /// What the network put out.
  package struct Output: Equatable, Sendable {
    /// `logits`, or `layer4` for a headless network.
    package let name: String
    /// `[N, classes]` or `[N, C, h, w]`.
    package let shape: [Int]
    /// The float64 pass; the widened float32 pass where a golden has no other.
    package let reference: [Double]
    /// The float32 pass of the same implementation.
    package let float32: [Float]?
    /// True when the reference itself carries the rounding of a float32 pass.
    package let isFloat32Only: Bool
  }

  /// All metadata, in the order of the file.
  package let metadata: OrderedStrings
  /// All tensors, in the order of the file.
  package let tensors: [Stored]

  package let name: String
  /// What computed the reference, such as `torch 2.13.0 CPU`.
  package let producer: String
  package let architecture: Architecture
  package let input: GoldenInput
  package let output: Output
  /// In execution order.
  package let taps: [GoldenTap]
  package let floors: GoldenFloors
  /// SHA-256 of each tensor of the state dict that made it, by its name there.
  package let digests: [String: SHA256Digest]
  /// SHA-256 over all of them.
  package let weightsDigest: SHA256Digest?
  /// Labels of the five largest outputs for each item of the batch; empty when the file has none.
  package let labelsTop5: [[Int]]
  /// How many times its floor an error may be.
  package let k: Double

  /// Reads and checks what the metadata and the tensors say.
  ///
  /// - Throws: ``GoldenFailure`` when this is no golden, one of a later version, or one at odds with itself.
  package init(metadata: OrderedStrings, tensors: [Stored]) throws(GoldenFailure) {
    let fields = GoldenFields(metadata: metadata, tensors: tensors)
    try fields.requireVersion()
    let architecture = try fields.architecture()
    let input = try fields.input()
    let shapes = TapShapes(LayerTree(architecture), input: input.shape)

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

  /// `reference` for an outside implementation; `self` when this program's own output is the expectation, which
  /// can show a change but proves nothing.
  package var kind: String { metadata["kind"] ?? "reference" }

  /// SHA-256 of the checkpoint's file, or `formula:` and that of a formula; `nil` when it is not recorded.
  package var sourceSHA256: String? { metadata["source_sha256"] }

  /// What was done to the image before it became the input; `none` when the input is stored or by formula.
  package var preprocess: String { metadata["preprocess"] ?? "none" }

  package func tap(_ name: String) -> GoldenTap? { taps.first { $0.name == name } }
}
