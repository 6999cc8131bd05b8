internal import ResNetArchitecture
internal import ResNetEngine
internal import SWTBytes
internal import SWTConsole
internal import SWTTensorFiles
internal import SWTThreads

/// The results of `bench`.
struct BenchReport: Sendable {
  let model: String?
  let architecture: Architecture
  let isa: InstructionSet
  let precision: ComputePrecision
  let threads, batch, size, warmup: Int
  let latency: Latency
  let arenaBytes, weightBytes: Int
  let steps: [StepProfile]
  let showsLayers: Bool
  /// Measured peak of all threads on operands in registers, in 10⁹ operations per second.
  let peak: Double

  init(
    model: String?, engine: FastEngine, batch: Int, size: Int, warmup: Int, latency: Latency,
    steps: [StepProfile], showsLayers: Bool, peak: Double
  ) {
    self.model = model
    architecture = engine.tree.architecture
    isa = engine.instructions
    precision = engine.network.precision
    threads = engine.threads.count
    self.batch = batch
    self.size = size
    self.warmup = warmup
    self.latency = latency
    arenaBytes = engine.arenaBytes
    weightBytes = engine.network.byteCount
    self.steps = steps
    self.showsLayers = showsLayers
    self.peak = peak
  }

  /// Multiply-adds of one run.
  var multiplyAdds: Int { steps.reduce(0) { $0 + $1.multiplyAdds } }
  /// 10⁹ operations per second at the median, counting two operations per multiply-add of the layer table.
  var gigaflops: Double { 2e-6 * Double(multiplyAdds) / latency.median }
  var imagesPerSecond: Double { 1000 * Double(batch) / latency.median }

  func percentOfPeak(_ gigaflops: Double) -> Double { peak > 0 ? 100 * gigaflops / peak : 0 }

  /// Total of all layers of one kind that use the same kernel.
  struct Kind: Sendable {
    let name, kernel: String
    var count = 0
    var multiplyAdds = 0
    var milliseconds = 0.0

    var gigaflops: Double { milliseconds > 0 ? 2e-6 * Double(multiplyAdds) / milliseconds : 0 }
  }

  /// Kinds of layers, in order of first appearance.
  var kinds: [Kind] {
    var kinds: [Kind] = []
    for step in steps {
      let index =
        kinds.firstIndex { $0.name == step.kind && $0.kernel == step.form }
        ?? {
          kinds.append(Kind(name: step.kind, kernel: step.form))
          return kinds.count - 1
        }()
      kinds[index].count += 1
      kinds[index].multiplyAdds += step.multiplyAdds
      kinds[index].milliseconds += step.median
    }
    return kinds
  }

  /// Milliseconds that a layer takes beyond what its multiply-adds would take at the peak.
  func lost(_ step: StepProfile) -> Double {
    step.median - (peak > 0 ? 2e-6 * Double(step.multiplyAdds) / peak : 0)
  }

  /// The three layers that lose the most time.
  var slowest: [StepProfile] { Array(steps.sorted { lost($0) > lost($1) }.prefix(3)) }
}

extension BenchReport {
  /// The report for people.
  var text: String {
    let images = batch == 1 ? "1 image" : "\(batch) images"
    var text = "\(architecture.summary), \(images) of \(size)×\(size), \(precision)\n"
    text += "\(isa.name(of: precision)), \(threads) \(threads == 1 ? "thread" : "threads"), "
    text += "\(latency.sorted.count) runs after \(warmup)\n\n"
    text += Text.table(
      [
        ["", ">", ""],
        ["latency, minimum", ms(latency.minimum), "ms"], ["latency, median", ms(latency.median), "ms"],
        ["latency, 90th percentile", ms(latency.p90), "ms"],
        ["throughput", Text.fixed(imagesPerSecond, 1), "images/s"],
        ["arithmetic", Text.fixed(gigaflops, 1), "GFLOP/s"],
        ["peak, measured", Text.fixed(peak, 1), "GFLOP/s"],
        ["percent of peak", Text.fixed(percentOfPeak(gigaflops), 1), "%"],
        ["packed weights", megabytes(weightBytes), "MB"], ["working memory", megabytes(arenaBytes), "MB"],
      ]
    ).dropFirst()
    if showsLayers {
      text += "\n" + kindsTable
      text += "\nthe three layers that lose the most time against the peak\n" + slowestTable
    }
    return text
  }

  private func ms(_ value: Double) -> String { Text.fixed(value, 2) }
  private func megabytes(_ count: Int) -> String { Text.fixed(Double(count) / 1e6, 1) }

  /// Speed and percent of peak; dashes for layers without multiplications.
  private func speed(_ gigaflops: Double) -> [String] {
    gigaflops > 0 ? [Text.fixed(gigaflops, 1), Text.fixed(percentOfPeak(gigaflops), 1)] : ["–", "–"]
  }

  private var kindsTable: String {
    let total = kinds.reduce(0) { $0 + $1.milliseconds }
    var rows = [["kind", "kernel", ">layers", ">ms", ">% of time", ">GFLOP/s", ">% of peak"]]
    for kind in kinds {
      rows.append(
        [
          kind.name, kind.kernel, "\(kind.count)", ms(kind.milliseconds),
          Text.fixed(100 * kind.milliseconds / total, 1),
        ]
          + speed(kind.gigaflops))
    }
    rows.append(
      ["total", "", "\(steps.count)", ms(total), "100.0"] + speed(2e-6 * Double(multiplyAdds) / total))
    return Text.table(rows)
  }

  private var slowestTable: String {
    var rows = [["layer", "kind", "kernel", ">ms", ">lost ms", ">GFLOP/s", ">% of peak", ">MB"]]
    for step in slowest {
      rows.append(
        [step.name, step.kind, step.form, Text.fixed(step.median, 3), Text.fixed(lost(step), 3)]
          + speed(step.gigaflops) + [megabytes(step.bytes)])
    }
    return Text.table(rows)
  }
}

extension BenchReport {
  /// The report for programs; `schema` has its version.
  var json: JSONValue {
    var members: [JSONMember] = [
      JSONMember("schema", "pth2swt.bench/1"), JSONMember("model", model.map { .string($0) } ?? .null),
      JSONMember("architecture", .string(architecture.name)),
      JSONMember("precision", .string(precision.rawValue)),
      JSONMember("threads", .int(threads)), JSONMember("batch", .int(batch)),
      JSONMember("size", .int(size)), JSONMember("warmup", .int(warmup)),
      JSONMember("runs", .int(latency.sorted.count)),
      JSONMember(
        "latency_ms",
        [
          "min": .double(latency.minimum), "median": .double(latency.median), "p90": .double(latency.p90),
        ]),
      JSONMember("images_per_second", .double(imagesPerSecond)),
      JSONMember("multiply_adds", .int(multiplyAdds)), JSONMember("gflops", .double(gigaflops)),
      JSONMember("peak_gflops", .double(peak)),
      JSONMember("percent_of_peak", .double(percentOfPeak(gigaflops))),
      JSONMember("isa", .string(isa.rawValue)),
      JSONMember("arithmetic", .string(isa.arithmetic(of: precision).rawValue)),
      JSONMember("arena_bytes", .int(arenaBytes)),
      JSONMember("weight_bytes", .int(weightBytes)),
    ]
    if showsLayers { members.append(JSONMember("layers", .array(steps.map(json)))) }
    return .object(members)
  }

  private func json(_ step: StepProfile) -> JSONValue {
    [
      "name": .string(step.name), "kind": .string(step.kind), "kernel": .string(step.form),
      "multiply_adds": .int(step.multiplyAdds), "bytes": .int(step.bytes),
      "ms": ["min": .double(step.minimum), "median": .double(step.median)],
      "gflops": .double(step.gigaflops), "percent_of_peak": .double(percentOfPeak(step.gigaflops)),
    ]
  }
}
