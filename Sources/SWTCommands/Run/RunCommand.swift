internal import ResNetArchitecture
internal import ResNetEngine
internal import ResNetModel
internal import SWTBytes
internal import SWTConsole
internal import SWTTensorFiles
internal import SWTTensors

/// `pth2swt run`: runs a forward pass.
struct Run: Command {
  static let spec = CommandSpec(
    "run", "Run the network on a picture or a tensor: the five largest logits, or all of its output.",
    operands: [
      .init("MODEL.swt", "The weight file."),
      .init(
        "INPUT",
        "A JPEG or PNG picture, or normalized float32 [N, C, H, W]: .npy, .npz, .safetensors or .pth."),
    ],
    options: [
      .value(
        "output", "OUT", "Write the output: .npy, .npz or .safetensors.", short: "o", of: .path),
      .value("input", "NAME", "Which array of INPUT, if it has several."),
      .value("taps", "A,B,C", "Also write the outputs of these layers (OUT is .npz or .safetensors)."),
      .value(
        "compute", "TYPE", "Operand type of convolutions: f32 (default), bf16, i8 or double.",
        of: .words(ComputeChoice.names)),
      .value(
        "engine", "ENGINE", "fast (default) or reference: double precision, plain loops, no SIMD.",
        of: .words(["fast", "reference"])),
      .value(
        "isa", "NAME", InstructionSet.help,
        of: .words(InstructionSet.names)),
      .quantizedEngine,
      .value("threads", "N", "Number of threads (default: one per core)."),
      .flag("force", "Replace an existing OUT."),
    ],
    examples: [
      .init("pth2swt run model.swt photo.jpg", "What is in the photo?"),
      .init("pth2swt run model.swt image.npy -o logits.npy", "Compute the logits of an image."),
      .init(
        "pth2swt run model.swt image.npy -o taps.npz --taps conv1,layer1.0.conv2",
        "Also write the outputs of layers."),
    ])

  let model: String
  let input: String
  let output: String?
  let inputName: String?
  let taps: [String]
  let compute: ComputeChoice
  let isa: InstructionSet
  let backend: QuantizedBackend?
  let threads: Int?
  let replaces: Bool
  let json: Bool
  let quiet: Bool
  let limits: ParseLimits

  init(_ arguments: Arguments) throws(UsageError) {
    model = arguments.operands[0]
    input = arguments.operands[1]
    output = arguments.value("output")
    inputName = arguments.value("input")
    taps = (arguments.value("taps") ?? "").split(separator: ",").map(String.init)
    guard taps.isEmpty || output != nil else { throw UsageError("--taps needs -o OUT") }
    let engine = try arguments.choice("engine", ["fast", "reference"], default: "fast")
    let name = try arguments.choice("compute", ComputeChoice.names, default: "f32")
    compute = engine == "reference" ? .double : ComputeChoice(name)
    isa = try arguments.isa()
    backend = try arguments.quantizedBackend()
    threads = try arguments.threads()
    replaces = arguments.has("force")
    json = arguments.has("json")
    quiet = arguments.has("quiet")
    limits = try arguments.limits()
  }

  func run(_ console: Console) throws(CommandFailure) -> ExitStatus {
    try OutputFile.requireOther(output, than: [model, input])
    let network = try OpenFile.model(model)
    if output == nil, !network.architecture.hasHead {
      throw CommandFailure(
        .usage, file: model, "the network has no classifier, so there are no classes to show",
        hint: "-o OUT.npy writes the last feature map")
    }
    let image = try inputImage(network, console)
    let arrays = try forward(network, image)
    if let output {
      try OutputFile.write(
        try ArrayFile.bytes(arrays.map { ($0.name, $0.data) }, for: output), to: output, replacing: replaces)
    }
    let predictions = output == nil ? try self.predictions(arrays[0].data, network) : []
    if json {
      var members: [JSONMember] = [
        JSONMember("schema", "pth2swt.run/1"), JSONMember("model", .string(model)),
        JSONMember("input", .string(input)), JSONMember("output", output.map { .string($0) } ?? .null),
        JSONMember("compute", .string(compute.name)),
        JSONMember(
          "arrays",
          .array(
            arrays.map(\.json))),
      ]
      if output == nil { members.append(JSONMember("predictions", PredictionReport.json(predictions))) }
      console.document(JSONValue.object(members).text(pretty: true) + "\n")
    } else if let output {
      if !quiet {
        for array in arrays { console.line("\(output): \(array.summary)") }
      }
    } else {
      console.write(PredictionReport.text(predictions))
    }
    return .success
  }

  /// The tensor in INPUT, or the one that the picture becomes.
  private func inputImage(
    _ network: Model, _ console: Console
  ) throws(CommandFailure) -> FeatureMap<Float> {
    if try PictureInput.isPicture(input) {
      let recipe = try PictureInput(network, file: model)
      if inputName != nil {
        throw CommandFailure(.usage, file: input, "a picture has no arrays to choose from")
      }
      if !quiet, let note = recipe.assumption { console.note("pth2swt: note: \(note)") }
      let (image, note) = try recipe.input(input)
      if !quiet, let note { console.note("pth2swt: note: \(input): \(note)") }
      return image
    }
    return try image(try ArrayFile.read(input, name: inputName, limits: limits), network.tree)
  }

  /// The largest logits of each image in the batch.
  private func predictions(
    _ logits: TensorData, _ network: Model
  ) throws(CommandFailure) -> [[Prediction]] {
    let values: [Float]
    do throws(ParseFailure) { values = try logits.floats() } catch {
      throw CommandFailure(reading: input, error)
    }
    guard values.allSatisfy(\.isFinite) else {
      throw CommandFailure(.verificationFailed, file: model, "the logits are not finite")
    }
    let labels = network.labels
    return stride(from: 0, to: values.count, by: max(1, logits.shape[1])).map { start in
      Prediction.largest(5, of: Array(values[start..<start + logits.shape[1]]), labels: labels)
    }
  }

  private func image(_ data: TensorData, _ tree: LayerTree) throws(CommandFailure) -> FeatureMap<Float> {
    let channels = tree.stem.inputChannels
    guard data.shape.count == 4, data.shape[1] == channels, !data.shape.contains(0) else {
      throw CommandFailure(
        .inputUnreadable, file: input,
        "it has shape \(data.shape); the network expects [N, \(channels), H, W]")
    }
    guard tree.accepts(imageSize: data.shape[2]), tree.accepts(imageSize: data.shape[3]) else {
      throw CommandFailure(
        .inputUnreadable, file: input,
        "its images of \(data.shape[2])×\(data.shape[3]) pixels do not fit the network's kernels and strides")
    }
    do throws(ParseFailure) {
      return FeatureMap(shape: data.shape, values: try data.floats())
    } catch {
      throw CommandFailure(reading: input, error)
    }
  }

  private func forward(
    _ network: Model, _ image: FeatureMap<Float>
  ) throws(CommandFailure) -> [OutputArray] {
    let wanted = Set(taps)
    do {
      if network.isQuantized, case .fast(.f32) = compute {
        let engine = try network.quantizedEngine(
          backend, threads: ThreadPool(count: threads), instructions: isa)
        return try integers(engine, collect(network.tree, try engine.run(image, taps: wanted)))
      }
      guard case .fast(let precision) = compute else {
        let engine = try network.referenceEngine(threads: ThreadPool(count: threads))
        return collect(network.tree, try engine.run(image, taps: wanted).converted())
      }
      let engine = try network.engine(
        threads: ThreadPool(count: threads), instructions: isa, precision: precision, height: image.shape[2],
        width: image.shape[3])
      do {
        return collect(network.tree, try engine.run(image, taps: wanted))
      } catch InferenceError.fusedTap {
        // The fast engine never stores that value, so the reference engine computes it.
        let reference = try network.referenceEngine(
          threads: ThreadPool(count: threads), emulating: precision, on: isa)
        return collect(network.tree, try reference.run(image, taps: wanted).converted())
      }
    } catch let failure as CommandFailure {
      throw failure
    } catch InferenceError.unknownTap(let name) {
      let names = network.tree.tapNames + network.tree.convolutions.map(\.name)
      let hint = EditDistance.nearest(to: name, in: names).map { "did you mean \($0)?" }
      throw CommandFailure(
        .usage, "the network has no layer '\(name)'",
        hint: hint ?? "layers are \(network.tree.tapNames.prefix(4).joined(separator: ", ")), …")
    } catch {
      throw CommandFailure(.weightsDiffer, file: model, "\(error)")
    }
  }

  /// The taps of a quantized network as the integers that they are; the output stays real.
  private func integers(_ engine: QuantizedEngine, _ arrays: [OutputArray]) throws -> [OutputArray] {
    try arrays.enumerated().map { index, array in
      guard index > 0 else { return array }
      let bytes = try array.data.floats().map { UInt8($0) }
      return OutputArray(
        name: array.name, data: try TensorData(type: .uint8, shape: array.data.shape, bytes: bytes),
        numbers: engine.network.numbers(ofTap: array.name))
    }
  }

  /// The output, then the taps in the order requested.
  private func collect(
    _ tree: LayerTree, _ result: ForwardResult<Float>
  ) -> [OutputArray] {
    func data(_ map: FeatureMap<Float>) -> TensorData { TensorData(shape: map.shape, floats: map.values) }
    var arrays = [OutputArray(name: tree.outputName, data: data(result.output))]
    for tap in taps {
      guard let map = result.taps[tap], !arrays.contains(where: { $0.name == tap }) else { continue }
      arrays.append(OutputArray(name: tap, data: data(map)))
    }
    return arrays
  }
}

extension ForwardResult where Scalar == Double {
  /// Rounded once to float32, the type of the output files.
  fileprivate func converted() -> ForwardResult<Float> {
    ForwardResult<Float>(output: output.converted(), taps: taps.mapValues { $0.converted() })
  }
}
