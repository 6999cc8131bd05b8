internal import SWTConsole
import SWTTensorFiles
import TestSupport
import Testing

/// Engines whose outputs no threshold of the judge was made with; `Tools/prove/engines.py` ran them.
@Suite struct OtherEngineTests {
  struct Expected: Sendable {
    let name: String
    let size: String
    let engineClass: String
    /// Nil if the engine is right.
    let cause: String?
    let place: String?

    init(
      _ name: String, _ engineClass: String = "fp32", _ cause: String? = nil, place: String? = nil,
      size: String = "24x24"
    ) {
      (self.name, self.engineClass, self.cause, self.place, self.size) = (
        name, engineClass, cause, place, size
      )
    }
  }

  static let engines = [
    Expected("jax"), Expected("mlx"), Expected("tinygrad"), Expected("ncnn-f32"),
    Expected("iree", size: "40x40"),
    Expected("jax-bf16", "bf16", "bf16-stored"), Expected("jax-f16", "f16", "f16-stored"),
    Expected("mlx-bf16", "bf16", "bf16-stored"), Expected("mlx-f16", "f16", "f16-stored"),
    Expected("tinygrad-bf16", "bf16", "bf16-stored"), Expected("tinygrad-f16", "f16", "f16-stored"),
    // ncnn's default: every layer before fc is exact on this processor.
    Expected("ncnn", "f16", "f16-weights", place: "fc"),
    Expected("jax-same", "wrong", "same-padding"),
  ]

  @Test(arguments: engines)
  func `an engine that no threshold knows is classed, and its cause named`(engine: Expected) throws {
    let folder = try TemporaryFolder()
    let model = folder.file("model.swt")
    Tool("convert", Fixture.checkpoint("resnext_small"), "-o", model)
    let words = [
      "judge", model, Fixtures.path("engines/formula-\(engine.size)-0.golden.safetensors"),
      "--outputs", Fixtures.path("engines/\(engine.name).npz"), "--budget", "600",
    ]
    let judged = Tool(words + ["--json"])
    let report = try judged.json()
    #expect(judged.status == (engine.cause == nil ? .success : .verificationFailed))
    #expect(report["class"]?.string == engine.engineClass)
    #expect(
      report["class_basis"]?.string == (["f16", "bf16"].contains(engine.engineClass) ? "rounding" : nil))
    #expect(report["model_agrees"]?.bool == true)
    #expect(report["matched"]?.array?.count == 8)
    let cause = report["goldens"]?[0]?["cause"]
    #expect(cause?["id"]?.string == engine.cause)
    if let place = engine.place { #expect(cause?["place"]?.string == place) }
    if engine.cause != nil { #expect(cause?["side"]?.string == "engine") }
    // What was meant passes; a fault is never meant.
    let meant =
      engine.engineClass == "wrong" ? "i8" : engine.engineClass == "fp32" ? "f32" : engine.engineClass
    #expect(
      Tool(words + ["--expect", meant]).status
        == (engine.engineClass == "wrong" ? .verificationFailed : .success))
  }
}
