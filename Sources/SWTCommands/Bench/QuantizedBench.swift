internal import ResNetArchitecture
internal import ResNetEngine
internal import ResNetModel
internal import SWTConsole
internal import SWTTensorFiles
internal import SWTThreads

/// The results of `bench` for a quantized network.
struct QuantizedBench {
  let model: String
  let engine: QuantizedEngine
  let batch, size, warmup: Int
  let latency: Latency
  /// Instruction set of the kernels.
  let isa: InstructionSet
  /// Number of threads.
  let threads: Int

  private var multiplyAdds: Int {
    ForwardCost(engine.tree, shape: [batch, engine.tree.stem.inputChannels, size, size]).multiplyAdds
  }
  private var gigaflops: Double { 2e-6 * Double(multiplyAdds) / latency.median }

  var text: String {
    let images = batch == 1 ? "1 image" : "\(batch) images"
    var text = "\(engine.tree.architecture.summary), \(images) of \(size)×\(size), "
    text += "integers as in \(engine.backend.rawValue)\n"
    text += "\(isa.rawValue), \(threads) \(threads == 1 ? "thread" : "threads"), "
    text += "\(latency.sorted.count) runs after \(warmup)\n\n"
    text += Text.table(
      [
        ["", ">", ""],
        ["latency, minimum", Text.fixed(latency.minimum, 2), "ms"],
        ["latency, median", Text.fixed(latency.median, 2), "ms"],
        ["latency, 90th percentile", Text.fixed(latency.p90, 2), "ms"],
        ["throughput", Text.fixed(1000 * Double(batch) / latency.median, 1), "images/s"],
        ["arithmetic", Text.fixed(gigaflops, 1), "GOP/s"],
      ]
    ).dropFirst()
    return text
  }

  var json: JSONValue {
    [
      "schema": "pth2swt.bench/1", "model": .string(model), "threads": .int(threads), "batch": .int(batch),
      "runs": .int(latency.sorted.count), "compute": "quantized",
      "quantized_engine": .string(engine.backend.rawValue),
      "latency_ms": [
        "min": .double(latency.minimum), "median": .double(latency.median), "p90": .double(latency.p90),
      ],
      "gflops": .double(gigaflops), "isa": .string(isa.rawValue), "arena_bytes": 0,
    ]
  }
}
