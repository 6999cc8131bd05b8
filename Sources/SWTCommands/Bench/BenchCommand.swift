internal import ResNetArchitecture
internal import ResNetEngine
internal import ResNetModel
internal import SWTConsole
internal import SWTTensorFiles
internal import SWTThreads

/// `pth2swt bench`: the speed of the forward pass on this machine.
struct Bench: Command {
  static let spec = CommandSpec(
    "bench", "Time the forward pass: latency, throughput, percent of the processor's peak.",
    operands: [.init("MODEL.swt", "The weight file, unless --arch is given.", optional: true)],
    options: [
      .value(
        "arch", "NAME", "A published network with synthetic weights, instead of a file.",
        of: .words(Architecture.published.map(\.name))),
      .value("threads", "N", "Number of threads (default: one per core)."),
      .value("batch", "N", "Images per run (default: 1)."),
      .value("runs", "N", "Timed runs (default: 30)."),
      .value("warmup", "N", "Untimed runs before them (default: 3)."),
      .value("size", "PIXELS", "Height and width of the images (default: 224)."),
      .value(
        "compute", "TYPE", "Operand type of convolutions: f32 (default), bf16 or i8.",
        of: .words(ComputePrecision.allCases.map(\.rawValue))),
      .value(
        "isa", "NAME", InstructionSet.help,
        of: .words(InstructionSet.names)),
      .quantizedEngine,
      .flag("layers", "Also time each layer, and compare kinds of layers with the peak."),
    ],
    examples: [
      .init("pth2swt bench model.swt --threads 1", "Latency of single images on one core."),
      .init("pth2swt bench model.swt --batch 8 --json", "Throughput, as JSON."),
      .init("pth2swt bench --arch resnext50_32x4d --layers", "Where does the time go?"),
    ])

  let path: String?
  let architecture: String?
  let threads: Int?
  let batch, runs, warmup, size: Int
  let isa: InstructionSet
  let precision: ComputePrecision
  let backend: QuantizedBackend?
  let showsLayers, json: Bool

  init(_ arguments: Arguments) throws(UsageError) {
    path = arguments.operands.first
    architecture = arguments.value("arch")
    guard (path == nil) != (architecture == nil) else {
      throw UsageError("bench needs either MODEL.swt or --arch NAME")
    }
    threads = try arguments.threads()
    batch = try arguments.integer("batch", in: 1...4096, default: 1)
    runs = try arguments.integer("runs", in: 1...1_000_000, default: 30)
    warmup = try arguments.integer("warmup", in: 0...1_000_000, default: 3)
    size = try arguments.integer("size", in: 1...4096, default: 224)
    isa = try arguments.isa()
    let compute = try arguments.choice("compute", ComputePrecision.allCases.map(\.rawValue), default: "f32")
    precision = ComputePrecision(rawValue: compute) ?? .f32
    backend = try arguments.quantizedBackend()
    showsLayers = arguments.has("layers")
    json = arguments.has("json")
  }

  func run(_ console: Console) throws(CommandFailure) -> ExitStatus {
    if let path, case let model = try OpenFile.model(path), model.isQuantized {
      let report = try measure(integers: model, path)
      if json { console.document(report.json.text(pretty: true) + "\n") } else { console.write(report.text) }
      return .success
    }
    let engine = try engine()
    let report = try measure(engine)
    if json { console.document(report.json.text(pretty: true) + "\n") } else { console.write(report.text) }
    return .success
  }

  private func measure(integers model: Model, _ path: String) throws(CommandFailure) -> QuantizedBench {
    do {
      let pool = ThreadPool(count: threads)
      let engine = try model.quantizedEngine(backend, threads: pool, instructions: isa)
      let images = FeatureMap.synthetic([batch, engine.tree.stem.inputChannels, size, size])
      let latency = try Latency(warmup: warmup, runs: runs) { _ = try engine.run(images) }
      return QuantizedBench(
        model: path, engine: engine, batch: batch, size: size, warmup: warmup, latency: latency, isa: isa,
        threads: pool.count)
    } catch {
      throw CommandFailure(.weightsDiffer, file: path, "\(error)")
    }
  }

  /// An engine with the file's weights, or with synthetic ones.
  private func engine() throws(CommandFailure) -> FastEngine {
    if let path {
      let model = try OpenFile.model(path)
      do {
        return try model.engine(
          threads: ThreadPool(count: threads), instructions: isa, precision: precision, height: size,
          width: size)
      } catch {
        throw CommandFailure(.weightsDiffer, file: path, "\(error)")
      }
    }
    let tree = LayerTree(try Architecture.find(architecture ?? ""))
    let pool = ThreadPool(count: threads)
    do {
      let packed = try PackedNetwork(
        tree, weights: tree.syntheticWeights(), threads: pool, instructions: isa, precision: precision,
        height: size, width: size)
      return FastEngine(packed, height: size, width: size, threads: pool, instructions: isa)
    } catch {
      throw CommandFailure(.internalError, "\(error)")
    }
  }

  private func measure(_ engine: FastEngine) throws(CommandFailure) -> BenchReport {
    let images = FeatureMap.synthetic([batch, engine.tree.stem.inputChannels, size, size])
    // Measured before and after, because the clock rate of a shared machine varies.
    let before = PeakRate.measure(precision, isa, threads: engine.threads) ?? 0
    do {
      var output = try engine.run(images).output
      let latency = try Latency(warmup: warmup, runs: runs) { try engine.run(images, into: &output) }
      let steps = showsLayers ? try engine.profile(images, runs: runs) : engine.steps(batch: batch)
      let after = PeakRate.measure(precision, isa, threads: engine.threads) ?? 0
      return BenchReport(
        model: path, engine: engine, batch: batch, size: size, warmup: warmup, latency: latency,
        steps: steps, showsLayers: showsLayers, peak: max(before, after))
    } catch {
      throw CommandFailure(.internalError, file: path, "\(error)")
    }
  }
}
