internal import SWTBytes
internal import SWTInference
internal import SWTTensorFiles
internal import SWTVerification

/// `pth2swt verify`: the model against logits that somebody else computed.
struct Verify: Command {
  static let spec = CommandSpec(
    "verify",
    "Run golden inputs through the network and compare with the logits that the reference computed.",
    operands: [
      .init("MODEL.swt", "The weight file."),
      .init(
        "GOLDEN", "Golden files; without one, those embedded in the model.", optional: true, repeated: true),
    ],
    options: [
      .value("source", "INPUT", "First prove every tensor equal to the checkpoint it came from."),
      .value("key", "PATH", "Which entry of a nested source."),
      .value("level", "LEVEL", "weights, forward, layers or all (default)."),
      .value(
        "compute", "TYPE", "f32 (default), bf16, i8 or double; bf16 and i8 are judged by their emulation."),
      .value("engine", "ENGINE", "fast (default) or reference, the same as --compute double."),
      .value("k", "N", "Allowed multiple of the reference's own noise floor (default: the golden's, 8)."),
      .value("isa", "NAME", "Instruction set of the kernels: best, portable, avx2, avx512, neon."),
      .flag("no-diagnose", "Do not look for the cause of a wrong result."),
      .value("mutate", "N", "How many of N single-weight sign flips would the goldens notice?"),
      .value("threads", "N", "Threads to use (default: one for each core)."),
      .value("format", "FORMAT", "text or json, with =PATH into a file; repeatable."),
      .flag("bisect-codes", "Exit with 125 instead of 3, 4 and 5, for git bisect run."),
    ],
    examples: [
      .init("pth2swt verify model.swt", "Does the model give the logits of its embedded goldens?"),
      .init(
        "pth2swt verify model.swt model.golden.safetensors --source model.pth",
        "Weights and forward pass, against a golden file."),
    ])

  let path: String
  let options: VerificationOptions
  let json: Bool
  let quiet: Bool
  let formats: [(name: String, path: String?)]
  let usesBisectCodes: Bool

  init(_ arguments: Arguments) throws(UsageError) {
    path = arguments.operands[0]
    var options = VerificationOptions()
    options.goldens = Array(arguments.operands.dropFirst())
    options.source = arguments.value("source")
    options.sourceKey = arguments.value("key")
    options.limits = try arguments.limits()
    let levels = VerificationOptions.Level.allCases.map(\.rawValue)
    options.level = .init(rawValue: try arguments.choice("level", levels, default: "all")) ?? .all
    let engine = try arguments.choice("engine", ["fast", "reference"], default: "fast")
    let compute = try arguments.choice("compute", ComputeChoice.names, default: "f32")
    switch engine == "reference" ? .double : ComputeChoice(compute) {
    case .double: options.compute = .double
    case .fast(.f32): options.compute = .float32(try arguments.isa())
    case .fast(let precision): options.compute = .reduced(precision, try arguments.isa())
    }
    if let text = arguments.value("k") {
      guard let k = Double(text), k > 0, k.isFinite else { throw UsageError("--k is a positive number") }
      options.k = k
    }
    options.diagnoses = !arguments.has("no-diagnose")
    options.mutations = try arguments.integer("mutate", in: 0...1_000_000, default: 0)
    options.threads = try arguments.threads()
    self.options = options
    json = arguments.has("json")
    quiet = arguments.has("quiet")
    usesBisectCodes = arguments.has("bisect-codes")
    var formats: [(String, String?)] = []
    for format in arguments.all("format") {
      let parts = format.split(separator: "=", maxSplits: 1).map(String.init)
      guard let name = parts.first, ["text", "json"].contains(name) else {
        throw UsageError("--format is text or json, not '\(format)'")
      }
      formats.append((name, parts.count > 1 ? parts[1] : nil))
    }
    if formats.isEmpty { formats = [(json ? "json" : "text", nil)] }
    self.formats = formats
  }

  func run(_ console: Console) throws(CommandFailure) -> ExitStatus {
    do throws(CommandFailure) {
      let report: VerificationReport
      do throws(VerificationFailure) {
        report = try Verifier.verify(path, options)
      } catch {
        throw CommandFailure(error)
      }
      for (name, file) in formats {
        let text = name == "json" ? report.json.text(pretty: true) + "\n" : TextReport.text(report)
        if let file {
          try OutputFile.write(Array(text.utf8), to: file, replacing: true)
        } else if !(quiet && name == "text" && report.passes) {
          console.write(text)
        }
      }
      guard report.weightsPass else { return status(.weightsDiffer) }
      return report.forwardPasses ? .success : .verificationFailed
    } catch {
      throw CommandFailure(
        status(error.status), file: error.file, offset: error.offset, error.message, hint: error.hint)
    }
  }

  private func status(_ status: ExitStatus) -> ExitStatus {
    usesBisectCodes && [.weightsDiffer, .goldenUnusable, .inputUnreadable].contains(status)
      ? .bisectSkip : status
  }
}

/// What `--compute` says.
enum ComputeChoice {
  case fast(ComputePrecision)
  /// The reference engine.
  case double

  static let names = ComputePrecision.allCases.map(\.rawValue) + ["double"]

  init(_ name: String) {
    self = ComputePrecision(rawValue: name).map { .fast($0) } ?? .double
  }

  var name: String {
    switch self {
    case .fast(let precision): precision.rawValue
    case .double: "double"
    }
  }
}

extension Arguments {
  /// `--isa`, checked against this processor.
  func isa() throws(UsageError) -> InstructionSet {
    guard let name = value("isa"), name != "best" else { return .best }
    guard let set = InstructionSet(rawValue: name) else {
      throw UsageError(
        "--isa is best, \(InstructionSet.allCases.map(\.rawValue).joined(separator: ", ")), not '\(name)'")
    }
    guard set.isSupported else { throw UsageError("this processor cannot run \(name)") }
    return set
  }

  /// `--threads`; `nil` is one for each core.
  func threads() throws(UsageError) -> Int? {
    value("threads") == nil ? nil : try integer("threads", in: 1...256, default: 1)
  }
}

extension CommandFailure {
  init(_ failure: VerificationFailure) {
    switch failure {
    case .model(let file, let error): self.init(reading: file, error)
    case .network(let file, let text): self.init(.weightsDiffer, file: file, text)
    case .golden(let file, let text):
      self.init(
        .goldenUnusable, file: file, text, hint: "pth2swt golden make --print-script makes one with PyTorch")
    case .source(let file, let text): self.init(.inputUnreadable, file: file, text)
    }
  }
}
