import ResNetArchitecture
import SWTBytes
import SWTCommands
internal import SWTConsole
import SWTGoldens
import SWTTensorFiles
import SWTVerification
import TestSupport
import Testing

/// PyTorch computed another function of the same weights, or from another input: the program reports which
/// one.
///
/// `Tools/fixtures/make_fault_fixtures.py` implements each fault in PyTorch.
@Suite(.serialized) struct PyTorchFaultTests {
  static let faults: [String] = {
    let names = (try? Truth())?.faults ?? []
    precondition(names.count > 20, "no truth about faults")
    return names
  }()

  /// The contents of the golden in addition to the logits.
  enum Form: CaseIterable, Sendable { case taps, logits }

  @Test(arguments: faults, Form.allCases)
  func `the cause is reported with the error that it explains`(fault: String, form: Form) throws {
    let truth = try Truth()
    // The sizes differ after the pool, so the golden cannot have taps of this network.
    if fault == "pool-ceil-mode", form == .taps { return }
    let folder = try TemporaryFolder()
    let (model, file) = (folder.file("model.swt"), folder.file("fault.golden.safetensors"))
    let console = Console(.memory)
    let converted = CommandLineTool.main(
      ["convert", Fixtures.path("checkpoints/resnext_deep.pth"), "-o", model], console)
    #expect(converted == .success)
    try writeFile(file, try truth.golden(fault, hasTaps: form == .taps).fileBytes())
    var options = VerificationOptions()
    options.goldens = [file]
    let report = try Verifier.verify(model, options)
    let golden = report.goldens[0]
    let passes = report.passes
    if fault == "none" {
      #expect(passes)
      return
    }
    #expect(!passes)
    #expect(report.weightsPass && report.verdictClass == .wrong)
    let cause = try #require(golden.cause, "nothing explains \(fault)")
    #expect(fault == cause.id || fault.hasPrefix("\(cause.id)-"), "\(cause.text)")
    #expect(cause.side != .weights && cause.isConfirmed)
    #expect(cause.explainsToTimesFloor <= 8 && cause.relL2After < 1e-5)
    let verdict = Console(.memory)
    let status = CommandLineTool.main(["verify", model, file, "--level", "forward"], verdict)
    #expect(status == .verificationFailed, "the weights are right, the computation is not")
    guard form == .taps else { return }
    #expect(golden.divergence?.block == Truth.stages[fault] ?? "conv1")
  }

  /// The fixture, and the goldens made from it.
  struct Truth {
    let file: SafetensorsFile
    let base: Golden

    /// The stage at fault, if it is not the first.
    static let stages = [
      "pool-padding": "maxpool", "stride-moved": "layer2.0", "relu-before-add": "layer1.0",
      "avgpool-max": "avgpool",
      "kernel-rotated": "layer2.0", "kernel-transposed": "layer4.0", "group-order": "layer3.1",
      "bn-exchanged": "layer1.1", "running-mean-unloaded": "layer3.0", "classes-reversed": "fc",
      "fc-bias-missing": "fc",
    ]

    init() throws {
      file = try SafetensorsFile(FileSource(path: Fixtures.path("truth/faults.safetensors")))
      base = try GoldenFile.read(
        FileSource(path: Fixtures.path("goldens/resnext_deep/image-64.golden.safetensors")))
    }

    var faults: [String] {
      file.tensors.map(\.name).filter { $0.hasSuffix(".logits") }.map { String($0.dropLast(7)) }.sorted()
    }

    /// A golden of that fault: this network, its digests, and the floors of another input.
    func golden(_ fault: String, hasTaps: Bool) throws -> Golden {
      var metadata = base.metadata
      for pair in base.metadata.pairs where pair.key.hasPrefix("tap.") { metadata[pair.key] = nil }
      metadata["labels_top5"] = nil
      metadata["input_formula"] = file.metadata["input_formula"]
      let logits = try data("\(fault).logits")
      var tensors = [Golden.Stored(name: "logits_f64", logits)]
      if hasTaps {
        let samples = try data("\(fault).taps")
        let numbers = try data("\(fault).statistics").doubles()
        let count = samples.shape[1]
        let values = try samples.floats()
        let stages = file.metadata["stages"]?.split(separator: ",").map(String.init) ?? []
        for (row, stage) in stages.enumerated() {
          let part = Array(values[row * count..<(row + 1) * count])
          tensors.append(.init(name: "tap.\(stage).values", TensorData(shape: [count], floats: part)))
          metadata["tap.\(stage).seed"] = file.metadata["seed.\(stage)"]
          for (column, name) in ["mean", "std", "absmax", "l2"].enumerated() {
            metadata["tap.\(stage).\(name)"] = "\(numbers[row * 4 + column])"
          }
        }
      }
      return try Golden(metadata: metadata, tensors: tensors)
    }

    /// What PyTorch computed with a fault; nil if there is no such fault.
    func logits(_ fault: String) throws -> TensorData? { try data("\(fault).logits") }

    private func data(_ name: String) throws -> TensorData {
      guard let entry = file[name] else { throw TestFailure("no \(name)") }
      return try file.data(of: entry)
    }
  }
}
