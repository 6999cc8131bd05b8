internal import ResNetArchitecture
internal import ResNetEngine
internal import ResNetModel
package import SWT
internal import SWTChecksums
internal import SWTConversion
package import SWTGoldens
internal import SWTTensorFiles
internal import SWTThreads

/// Makes goldens of kind `self`, computed by this program's float64 engine from a weight file.
///
/// They show changes of weights, conversion or kernels. They do not prove a port right, because the engine
/// that made them may share a misunderstanding with the one under test; `verify` never counts them as proof.
package struct SelfGolden: Sendable {
  /// Why a golden cannot be made.
  package enum Failure: Error, Sendable {
    /// The file does not describe a network that this program can run.
    case noNetwork
    /// The two engines disagree on this model, so neither can be trusted.
    case enginesDisagree(String)
  }

  /// Stored samples per layer, unless whole layers are requested.
  private static let sampleCount = 512

  package var name: String
  package var input: GoldenInput
  /// Whether to store whole layers.
  package var fullTaps = false
  package var threads: Int?
  /// The recorded producer, such as `pth2swt 0.1.0`.
  package var producer: String

  package init(name: String, input: GoldenInput, producer: String) {
    self.name = name
    self.input = input
    self.producer = producer
  }

  /// An image-like input by formula.
  package static func formula(seed: UInt64, shape: [Int]) throws(GoldenFailure) -> GoldenInput {
    GoldenInput(try InputFormula(kind: .multiscale, seed: seed, shape: shape))
  }

  /// Runs the model in `file` in float64, and in float32 with every instruction set of this processor; the
  /// largest error of the latter is the floor.
  ///
  /// - Throws: ``Failure``, ``GoldenFailure`` for an input that does not fit the network, errors of the
  ///   engines.
  package func make(from file: SWTFile) throws -> Golden {
    guard let architecture = SWTArchitecture.read(file) else { throw Failure.noNetwork }
    guard !file.isQuantizedNetwork else {
      throw InferenceError.quantization(
        "the network is quantized: make its golden with PyTorch, whose integers it has to have")
    }
    let tree = LayerTree(architecture)
    let pool = ThreadPool(count: threads)
    let weights = SWTWeights(file)
    let map = FeatureMap(shape: input.shape, values: input.floats())
    let taps = tree.tapNames.filter { $0 != tree.head?.name }
    let exact = try ReferenceEngine(tree, weights: weights, threads: pool).run(map, taps: Set(taps))
    let sets = InstructionSet.allCases.filter(\.isSupported)
    let runs = try sets.map { set in
      let packed = try PackedNetwork(tree, weights: weights, threads: pool, instructions: set)
      return try FastEngine(packed, threads: pool, instructions: set).run(map, taps: Set(taps))
    }

    var metadata = OrderedStrings([
      ("pth2swt.golden", "1"), ("name", name), ("kind", "self"),
      ("producer", "\(producer), double precision"),
    ])
    for (key, value) in architecture.goldenMetadata { metadata[key] = value }
    for (name, digest) in WeightDigests(file, StatedTransforms(file, tree)).ofSource {
      metadata["digest.\(name)"] = digest.hex
    }
    metadata["made_with"] = "float32 variants: \(sets.map(\.rawValue).joined(separator: ", "))"
    metadata["preprocess"] = "none"
    metadata["output"] = tree.outputName
    metadata["tolerance.k"] = "8"

    var tensors: [Golden.Stored] = []
    if case .formula(let formula) = input.values {
      metadata["input_formula"] = formula.text
    } else {
      tensors.append(.init(name: "input", TensorData(shape: input.shape, floats: input.floats())))
    }
    let output = exact.output
    tensors.insert(
      .init(name: "\(tree.outputName)_f64", TensorData(shape: output.shape, doubles: output.values)), at: 0)
    try setFloor(&metadata, tree.outputName, output.values, runs.map(\.output.values), tree)
    if architecture.classCount != nil {
      metadata["labels_top5"] = Self.labels(output.values, classes: output.shape[1])
    }
    for (number, tap) in taps.enumerated() {
      guard let values = exact.taps[tap] else { continue }
      try setFloor(&metadata, tap, values.values, runs.compactMap { $0.taps[tap]?.values }, tree)
      tensors.append(store(tap, UInt64(1000 + number), values, &metadata))
    }
    return try Golden(metadata: metadata, tensors: tensors)
  }

  private func setFloor(
    _ metadata: inout OrderedStrings, _ name: String, _ exact: [Double], _ runs: [[Float]], _ tree: LayerTree
  ) throws(Failure) {
    var (relL2, most) = (0x1p-24, 0x1p-24)
    for run in runs {
      let metrics = ErrorMetrics(run.map(Double.init), reference: exact)
      // A floor from engines that disagree would accept anything.
      guard Criterion.uncalibrated(convolutions: tree.convolutions.count).accepts(metrics) else {
        throw .enginesDisagree("in \(name) by \(metrics.relL2)")
      }
      relL2 = max(relL2, metrics.relL2)
      most = max(most, metrics.maxOverStd)
    }
    metadata["floor.\(name).rel_l2"] = relL2.description
    metadata["floor.\(name).max"] = most.description
  }

  private func store(
    _ tap: String, _ seed: UInt64, _ map: FeatureMap<Double>, _ metadata: inout OrderedStrings
  ) -> Golden.Stored {
    let floats = map.values.map { Float($0) }
    guard !fullTaps else { return .init(name: "tap.\(tap)", TensorData(shape: map.shape, floats: floats)) }
    metadata["tap.\(tap).seed"] = "\(seed)"
    metadata["tap.\(tap).shape"] = map.shape.map(String.init).joined(separator: ",")
    let places = GoldenTap.indices(seed: seed, count: Self.sampleCount, of: floats.count)
    return .init(
      name: "tap.\(tap).values", TensorData(shape: [places.count], floats: places.map { floats[$0] }))
  }

  private static func labels(_ logits: [Double], classes: Int) -> String {
    stride(from: 0, to: logits.count, by: classes).map { start in
      let row = logits[start..<start + classes]
      return row.indices.sorted { (row[$0], $1) > (row[$1], $0) }.prefix(5).map { "\($0 - start)" }
        .joined(separator: ",")
    }.joined(separator: ";")
  }
}
