import SWTBytes
import SWTCommands
internal import SWTConsole
import SWTGoldens
import SWTTensorFiles
import TestSupport
import Testing

/// Another engine is judged by its outputs for a golden; `Fixtures/engines` has what real ones computed.
@Suite struct JudgeTests {
  private static let golden = Fixtures.path("engines/formula-24x24-0.golden.safetensors")

  private static func outputs(_ name: String) -> String { Fixtures.path("engines/\(name).npz") }

  private static func model(_ folder: TemporaryFolder, _ words: String...) -> String {
    let model = folder.file("model.swt")
    let converted = Tool(["convert", Fixture.checkpoint("resnext_small"), "-o", model] + words)
    #expect(converted.status == .success, "\(converted.errors)")
    return model
  }

  /// An engine's output, its class, and the causes that may be named.
  struct Expected: Sendable {
    let name: String
    let classes: [String]
    let causes: [String]
    /// What was meant by that setting.
    let expect: String
  }

  static let engines = [
    Expected(name: "onnxruntime", classes: ["fp32"], causes: [], expect: "f32"),
    Expected(name: "openvino-f32", classes: ["fp32"], causes: [], expect: "f32"),
    Expected(name: "torch-compile", classes: ["fp32"], causes: [], expect: "f32"),
    Expected(name: "torch-f32", classes: ["bit-exact", "fp32"], causes: [], expect: "f32"),
    Expected(
      name: "openvino-bf16", classes: ["bf16"], causes: ["bf16-operands", "bf16-stored"], expect: "bf16"),
    Expected(name: "openvino-f16-weights", classes: ["f16"], causes: ["f16-weights"], expect: "f16"),
    Expected(name: "torch-autocast-bf16", classes: ["bf16"], causes: ["bf16-stored"], expect: "bf16"),
    Expected(name: "torch-bf16", classes: ["bf16"], causes: ["bf16-stored"], expect: "bf16"),
    Expected(name: "torch-bf16-weights", classes: ["bf16"], causes: ["bf16-weights"], expect: "bf16"),
    Expected(name: "torch-f16", classes: ["f16"], causes: ["f16-stored"], expect: "f16"),
    Expected(name: "torch-f16-weights", classes: ["f16"], causes: ["f16-weights"], expect: "f16"),
    Expected(name: "onnxruntime-i8", classes: ["i8"], causes: ["i8"], expect: "i8"),
  ]

  @Test(arguments: engines)
  func `a real engine is classed, its precision is named, and nothing of ours is accused`(
    engine: Expected
  ) throws {
    let folder = try TemporaryFolder()
    let model = Self.model(folder)
    let words = [
      "judge", model, Self.golden, "--outputs", Self.outputs(engine.name), "--engine", engine.name,
      "--budget", "600",
    ]
    let judged = Tool(words + ["--json"])
    let report = try judged.json()
    let isFloat32 = engine.causes.isEmpty
    #expect(judged.status == (isFloat32 ? .success : .verificationFailed), "\(judged.output)")
    #expect(report["schema"]?.string == "pth2swt.judge/1")
    #expect(report["engine"]?.string == engine.name)
    #expect(report["verdict"]?.string == (isFloat32 ? "pass" : "fail"))
    #expect(report["model_agrees"]?.bool == true)
    let found = try #require(report["class"]?.string)
    #expect(engine.classes.contains(found), "\(found)")
    let cause = report["goldens"]?[0]?["cause"]
    if isFloat32 {
      #expect(cause?["id"] == nil)
      #expect(report["goldens"]?[0]?["first_divergence_reason"]?.string == "nothing diverges")
    } else {
      let id = try #require(cause?["id"]?.string, "no cause: \(judged.output)")
      #expect(engine.causes.contains(id), "\(id)")
      #expect(cause?["side"]?.string == "engine")
      #expect(try #require(cause?["fraction_left"]?.double) < 1)
    }
    #expect(report["matched"]?.array?.count == 8)
    let text = Tool(words).output
    for accusation in ["it is the model", "our ", "kernels are wrong", "pth2swt's"] {
      #expect(!text.contains(accusation), "\(accusation)")
    }
    // What was meant passes; float32, which was not, does not.
    let meant = Tool(words + ["--expect", engine.expect, "--json"])
    #expect(meant.status == .success, "\(meant.output)")
    #expect(try meant.json()["class"]?.string == found)
    #expect(Tool(words + ["--expect", "f32"]).status == judged.status)
  }

  @Test(arguments: engines.filter { !$0.causes.isEmpty })
  func `logits alone tell the size, not a layer`(engine: Expected) throws {
    let folder = try TemporaryFolder()
    let model = Self.model(folder)
    let logits = folder.file("logits.npy")
    let file = try NpzFile(FileSource(path: Self.outputs(engine.name)))
    try writeFile(logits, try NpyFile.bytes(try #require(try file.read("logits"))))
    let judged = Tool(
      "judge", model, Self.golden, "--outputs", logits, "--budget", "600", "--json")
    #expect(judged.status == .verificationFailed)
    let report = try judged.json()
    #expect(report["matched"]?.array?.compactMap(\.string) == ["logits"])
    let golden = report["goldens"]?[0]
    #expect(golden?["first_divergence"]?["block"] == nil)
    #expect(golden?["first_divergence_reason"]?.string?.contains("conv1") == true)
    let found = try #require(report["class"]?.string)
    #expect(["f16", "bf16", "i8"].contains(found), "\(found)")
    // Ten logits are few, but an error in the direction of a rounding's is not an accident. Integers have
    // scales of their own, whose error ten logits do not show.
    let isShown = engine.name != "onnxruntime-i8"
    #expect(report["class_basis"]?.string == (isShown ? "rounding" : "size"), "\(judged.output)")
    let meant = Tool("judge", model, Self.golden, "--outputs", logits, "--expect", found)
    #expect(meant.status == (isShown ? .success : .verificationFailed))
    // float16 and TF32 have equally many bits; only a cause tells which it is.
    let isOpen = found == "f16" && golden?["cause"]?["id"] == nil
    #expect(report["class_also"]?.array?.compactMap(\.string) == (isOpen ? ["tf32"] : []))
    if isOpen, isShown {
      let tensorFloat = Tool("judge", model, Self.golden, "--outputs", logits, "--expect", "tf32", "--json")
      #expect(tensorFloat.status == .success)
      #expect(try tensorFloat.json()["class"]?.string == "tf32")
    }
  }

  @Test(arguments: ["bf16", "f16", "i8"])
  func `a fault as small as a rounding passes as none, however short the search is`(expected: String) throws {
    let folder = try TemporaryFolder()
    let (model, other) = (Self.model(folder), folder.file("other.swt"))
    Tool("convert", Fixture.checkpoint("resnext_small"), "-o", other, "--bn-eps", "0.0001")
    let (image, wrong) = (folder.file("image"), folder.file("wrong.npy"))
    Tool("golden", "export", Self.golden, "-o", image)
    #expect(Tool("run", other, "\(image)/input.npy", "-o", wrong).status == .success)
    let words = ["judge", model, Self.golden, "--outputs", wrong, "--expect", expected, "--json"]
    let short = Tool(words + ["--budget", "0.000001"])
    #expect(short.status == .verificationFailed, "\(short.output)")
    let report = try short.json()
    #expect(report["class"]?.string == "wrong" || report["class_basis"]?.string == "size")
    #expect(report["verdict"]?.string == "fail")
    let long = Tool(words + ["--budget", "600"])
    #expect(long.status == .verificationFailed)
    #expect(try long.json()["class"]?.string == "wrong")
    #expect(try long.json()["goldens"]?[0]?["cause"]?["id"]?.string == "bn-eps", "\(long.output)")
  }

  @Test(arguments: [1e-4, 3e-3, 0.02, 0.08])
  func `an error of a rounding's size that is no rounding's is no reduced precision`(size: Double) throws {
    let folder = try TemporaryFolder()
    let model = Self.model(folder)
    let file = try NpzFile(FileSource(path: Self.outputs("onnxruntime")))
    let logits = try #require(try file.read("logits"))
    var values = try logits.floats()
    let norm = values.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot()
    for i in values.indices { values[i] += Float(size * norm / 10.0.squareRoot()) * (i % 2 == 0 ? 1 : -1) }
    let wrong = folder.file("wrong.npy")
    try writeFile(wrong, try NpyFile.bytes(TensorData(shape: logits.shape, floats: values)))
    for expected in ["f16", "bf16", "i8", "tf32"] {
      let judged = Tool(
        "judge", model, Self.golden, "--outputs", wrong, "--expect", expected, "--json", "--budget", "3")
      #expect(judged.status == .verificationFailed, "\(expected): \(judged.output)")
      #expect(try judged.json()["class_basis"]?.string != "rounding")
    }
  }

  @Test func `batch statistics are told from running ones`() throws {
    let folder = try TemporaryFolder()
    let model = Self.model(folder)
    let golden = Fixtures.path("engines/formula-40x40-0.golden.safetensors")
    let judged = Tool(
      "judge", model, golden, "--outputs", Self.outputs("torch-train"), "--engine", "PyTorch",
      "--budget", "600", "--json")
    #expect(judged.status == .verificationFailed)
    let cause = try judged.json()["goldens"]?[0]?["cause"]
    #expect(cause?["id"]?.string == "bn-training", "\(judged.output)")
    #expect(cause?["hint"]?.string?.contains("eval()") == true)
    #expect(
      Tool(
        "judge", model, golden, "--outputs", Self.outputs("torch-train"), "--expect", "i8"
      ).status
        == .verificationFailed)
  }

  @Test(arguments: PyTorchFaultTests.faults)
  func `PyTorch's faults are the engine's`(fault: String) throws {
    let truth = try PyTorchFaultTests.Truth()
    let folder = try TemporaryFolder()
    let model = folder.file("model.swt")
    Tool("convert", Fixture.checkpoint("resnext_deep"), "-o", model)
    let (golden, logits) = (folder.file("true.golden.safetensors"), folder.file("y.npy"))
    try writeFile(golden, try truth.golden("none", hasTaps: true).fileBytes())
    try writeFile(logits, try NpyFile.bytes(try #require(try truth.logits(fault))))
    let judged = Tool("judge", model, golden, "--outputs", logits, "--budget", "600", "--json")
    let report = try judged.json()
    guard fault != "none" else {
      #expect(judged.status == .success)
      return
    }
    #expect(judged.status == .verificationFailed)
    let precision = fault.hasPrefix("rounded-") ? String(fault.dropFirst(8)) : nil
    #expect(report["class"]?.string == precision ?? "wrong")
    let cause = try #require(report["goldens"]?[0]?["cause"], "nothing explains \(fault)")
    let id = try #require(cause["id"]?.string, "nothing explains \(fault)")
    #expect(fault == id || fault.hasPrefix("\(id)-") || id == "\(precision ?? "")-weights", "\(id)")
    #expect(["engine", "input"].contains(cause["side"]?.string))
    #expect(try #require(cause["fraction_left"]?.double) <= 0.1)
  }

  // MARK: Names and shapes

  @Test func `names and layouts of other programs are matched, and the rest is listed`() throws {
    let folder = try TemporaryFolder()
    let model = Self.model(folder)
    let file = try NpzFile(FileSource(path: Self.outputs("onnxruntime")))
    var arrays: [(name: String, data: TensorData)] = []
    for (name, theirs) in [
      ("conv1", "stem"), ("layer1.0", "layer1_0"), ("layer2.0", "Layer2/0"), ("logits", "output"),
    ] {
      var data = try #require(try file.read(name))
      if data.shape.count == 4 { data = try Self.pixels(data) }
      arrays.append((theirs, data))
    }
    arrays.append(("gradient", TensorData(shape: [2], floats: [1, 2])))
    let outputs = folder.file("theirs.npz")
    var bytes: [UInt8] = []
    try NpzFile.write(arrays) { piece in bytes += piece }
    try writeFile(outputs, bytes)
    let judged = Tool("judge", model, Self.golden, "--outputs", outputs, "--map", "stem=conv1", "--json")
    #expect(judged.status == .success, "\(judged.output)\(judged.errors)")
    let report = try judged.json()
    #expect(report["matched"]?.array?.compactMap(\.string) == ["conv1", "layer1.0", "layer2.0", "logits"])
    #expect(report["ignored"]?.array?.compactMap(\.string) == ["gradient"])
    #expect(
      Tool("judge", model, Self.golden, "--outputs", outputs, "--map", "stem=conv1", "--layout", "nchw")
        .status
        == .verificationFailed)
    #expect(Tool("judge", model, Self.golden, "--outputs", outputs, "--map", "stem").status == .usage)
  }

  private static func pixels(_ data: TensorData) throws -> TensorData {
    let (n, c, h, w) = (data.shape[0], data.shape[1], data.shape[2], data.shape[3])
    let values = try data.floats()
    var result: [Float] = []
    for image in 0..<n {
      for pixel in 0..<h * w {
        for channel in 0..<c { result.append(values[(image * c + channel) * h * w + pixel]) }
      }
    }
    return TensorData(shape: [n, h, w, c], floats: result)
  }

  @Test func `a NaN is a failure with its place`() throws {
    let folder = try TemporaryFolder()
    let model = Self.model(folder)
    let file = try NpzFile(FileSource(path: Self.outputs("onnxruntime")))
    var values = try #require(try file.read("layer1.0")).floats()
    let shape = try #require(try file.read("layer1.0")).shape
    values[7] = .nan
    let outputs = folder.file("nan.safetensors")
    try writeFile(
      outputs,
      try SafetensorsWriter(tensors: [
        .init(name: "layer1.0", TensorData(shape: shape, floats: values)),
        .init(name: "logits", TensorData(shape: [1, 10], floats: Array(repeating: .nan, count: 10))),
      ]).bytes())
    let judged = Tool("judge", model, Self.golden, "--outputs", outputs, "--json")
    #expect(judged.status == .verificationFailed)
    let golden = try #require(try judged.json()["goldens"]?[0])
    #expect(golden["first_divergence"]?["block"]?.string == "layer1.0")
    #expect(golden["non_finite"]?["index"]?.int == 7)
    #expect(golden["cause"]?["id"]?.string == "not-a-number")
    #expect(try judged.json()["class"]?.string == "wrong")
  }

  @Test func `a wrong number of classes is a cause, another batch an unreadable output`() throws {
    let folder = try TemporaryFolder()
    let model = Self.model(folder)
    let path = folder.file("y.npy")
    try writeFile(
      path, try NpyFile.bytes(TensorData(shape: [1, 11], floats: Array(repeating: 0, count: 11))))
    let judged = Tool("judge", model, Self.golden, "--outputs", path, "--json")
    #expect(judged.status == .verificationFailed)
    #expect(try judged.json()["goldens"]?[0]?["cause"]?["id"]?.string == "class-count")
    try writeFile(
      path, try NpyFile.bytes(TensorData(shape: [3, 10], floats: Array(repeating: 0, count: 30))))
    #expect(Tool("judge", model, Self.golden, "--outputs", path).status == .inputUnreadable)
    #expect(Tool("judge", model, Self.golden, "--outputs", folder.file("none")).status == .inputUnreadable)
    #expect(Tool("judge", model, Self.golden).status == .usage)
  }

  // MARK: The model, several goldens, an engine that runs

  @Test func `a model that fails the golden says nothing of the engine`() throws {
    let folder = try TemporaryFolder()
    let model = folder.file("model.swt")
    Tool("convert", Fixture.checkpoint("resnext_small"), "-o", model, "--bn-eps", "0.001")
    let judged = Tool("judge", model, Self.golden, "--outputs", Self.outputs("onnxruntime"), "--json")
    #expect(judged.status == .weightsDiffer, "\(judged.output)")
    let report = try judged.json()
    #expect(report["model_agrees"]?.bool == false)
    #expect(report["verdict"]?.string == "fail")
    #expect(report["goldens"]?[0]?["cause"]?["id"]?.string == "bn-eps")
    #expect(report["goldens"]?[0]?["cause"]?["side"]?.string == "model")
  }

  @Test func `exported arrays come back as an engine's, for every golden and in every form`() throws {
    let folder = try TemporaryFolder()
    let (image, odd) = (Fixture.golden("resnext_small"), Fixture.golden("resnext_small", "odd-65x63"))
    let model = Self.model(folder, "--golden", image, "--golden", odd)
    for (form, layout) in [
      ("npy", "nchw"), ("npy", "nhwc"), ("npz", "nchw"), ("safetensors", "nhwc"), ("onnx", "nchw"),
    ] {
      let exported = folder.file("\(form)-\(layout)")
      let written = Tool("golden", "export", model, "-o", exported, "--as", form, "--layout", layout)
      #expect(written.status == .success, "\(written.errors)")
      let list = try JSONValue.parse(FileSource(path: "\(exported)/image-64/taps.json").all())
      #expect(list["taps"]?[0]?["name"]?.string == "conv1")
      #expect(list["input"]?["shape"]?.array?.count == 4)
      let words = ["image-64", "odd-65x63"].flatMap { name in
        [
          "--outputs",
          form == "npy" || form == "onnx" ? "\(exported)/\(name)" : "\(exported)/\(name)/golden.\(form)",
        ]
      }
      let judged = Tool(["judge", model, "--json"] + words)
      #expect(judged.status == .success, "\(form) \(layout): \(judged.output)\(judged.errors)")
      #expect(try judged.json()["goldens"]?.array?.count == 2)
      #expect(Tool("golden", "export", model, "-o", exported, "--as", form).status == .outputFailed)
    }
    let exported = folder.file("one")
    #expect(Tool("golden", "export", image, "-o", exported).status == .success)
    let pair = Tool("verify", model, "\(exported)/input.npy", "\(exported)/logits.npy")
    #expect(pair.status == .success, "\(pair.output)")
  }

  @Test func `the engine is run on every golden's input`() throws {
    let folder = try TemporaryFolder()
    let model = Self.model(folder, "--golden", Fixture.golden("resnext_small"))
    let logits = folder.file("exported")
    Tool("golden", "export", model, "-o", logits)
    let copies = "test -s {input} && cp \(logits)/logits.npy {output}.npy"
    #expect(Tool("judge", model, "--run", copies).status == .success)
    #expect(
      Tool("judge", model, "--run", "test -s {input} && cp \(logits)/logits.npy {output}").status == .success)
    let failed = Tool("judge", model, "--run", "sh -c 'exit 3' {input} {output}", "--json")
    #expect(failed.status == .inputUnreadable && failed.errors.contains("exit status 3"))
    let slow = Tool("judge", model, "--run", "sleep 60; echo {input} {output}", "--run-timeout", "0.2")
    #expect(slow.status == .inputUnreadable && slow.errors.contains("--run-timeout"))
    #expect(Tool("judge", model, "--run", "true {input} {output}").errors.contains("wrote nothing"))
    #expect(Tool("judge", model, "--run", "true {input}").status == .usage)
  }

  @Test(arguments: ["text", "json", "jsonl", "junit", "tap", "github", "markdown", "html"])
  func `every format names the engine, the class and the model`(format: String) throws {
    let folder = try TemporaryFolder()
    let model = Self.model(folder)
    let path = folder.file("report")
    Tool(
      "judge", model, Self.golden, "--outputs", Self.outputs("openvino-bf16"), "--engine", "OpenVINO",
      "--format", "\(format)=\(path)")
    let text = String(decoding: try FileSource(path: path).all(), as: UTF8.self)
    #expect(text.contains("judge") || format == "markdown")
    for word in ["bf16", "EXECUTION"] where format != "junit" && format != "github" {
      #expect(text.contains(word), "\(format): \(word)")
    }
    if !["junit", "github", "tap", "jsonl"].contains(format) { #expect(text.contains("OpenVINO")) }
    #expect(!text.contains("pth2swt verify"))
  }
}

extension FileSource {
  fileprivate func all() throws -> [UInt8] { try bytes(at: 0, count: byteCount) }
}
