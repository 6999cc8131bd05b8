internal import PthReader
internal import ResNetEngine
internal import SWTArchives
internal import SWTBytes
internal import SWTConsole
internal import SWTDigests
internal import SWTTensorFiles
internal import SWTThreads

/// `pth2swt doctor`: describes this machine, for bug reports.
struct Doctor: Command {
  static let spec = CommandSpec(
    "doctor", "Show this machine's features and check that the kernels compute correctly: for bug reports.",
    examples: [
      .init("pth2swt doctor", "Text to paste into a bug report."),
      .init("pth2swt doctor --json", "As JSON; exit 1 if a kernel computes incorrectly."),
    ])

  let json: Bool
  let limits: ParseLimits

  init(_ arguments: Arguments) throws(UsageError) {
    json = arguments.has("json")
    limits = try arguments.limits()
  }

  func run(_ console: Console) -> ExitStatus {
    let kernels = KernelCheck.run()
    if json {
      console.document(document(kernels).text(pretty: true) + "\n")
    } else {
      console.write(text(kernels))
    }
    return kernels.allSatisfy(\.passes) ? .success : .verificationFailed
  }

  private static let threads = ThreadPool().count

  /// Names as in `--json`; the text shows spaces instead of underscores.
  private var facts: [(name: String, value: JSONValue)] {
    [
      ("version", .string(CommandLineTool.version)),
      ("system", .string(Machine.system)),
      ("processor", .string(Machine.processor)),
      ("threads", .int(Self.threads)),
      ("memory_bytes", Machine.memory.map { .int($0) } ?? .null),
      ("instruction_set", .string(InstructionSet.best.rawValue)),
      ("bf16_kernels", .string(InstructionSet.best.name(of: .bf16))),
      ("i8_kernels", .string(InstructionSet.best.name(of: .i8))),
      ("amx", .string(InstructionSet.amxState.rawValue)),
      ("libzip", CompressionLibraries.libzip.map { .string($0) } ?? .null),
      ("zlib", .string(CompressionLibraries.zlib)),
      ("crypto", .string(CryptoLibrary.version)),
    ]
  }

  /// What multiply-adds alone reach; nil if the processor has none for that precision.
  private static var peaks: [(precision: ComputePrecision, rate: Double?)] {
    let pool = ThreadPool(count: 1)
    return ComputePrecision.allCases.map { ($0, PeakRate.measure($0, .best, threads: pool)) }
  }

  private func text(_ kernels: [KernelCheck]) -> String {
    let facts = facts.map { fact in
      [String(fact.name.map { $0 == "_" ? " " : $0 }), fact.value.string ?? fact.value.text()]
    }
    var text = Text.table([["", ""]] + facts).drop { $0.isNewline }
    text += "\n"
    let rows = kernels.map { kernel in
      [
        kernel.instructions.rawValue, kernel.error.map(Text.scientific) ?? "did not run",
        kernel.passes ? "correct" : "WRONG",
      ]
    }
    text += Text.table([["kernels", "error", ""]] + rows)
    text += "\n"
    let peaks = Self.peaks.map { [$0.precision.rawValue, $0.rate.map { Text.fixed($0, 1) } ?? "–"] }
    text += Text.table([["peak of \(InstructionSet.best), 1 thread", ">GFLOP/s"]] + peaks)
    text += "\n"
    let bounds = ParseLimits.Name.allCases.map { [$0.rawValue, Text.grouped(Int(clamping: limits[$0]))] }
    text += Text.table([["limit", ">of a 4 GiB file"]] + bounds)
    return String(text)
  }

  private func document(_ kernels: [KernelCheck]) -> JSONValue {
    var members = [JSONMember("schema", "pth2swt.doctor/1")]
    members += facts.map { JSONMember($0.name, $0.value) }
    let checks = kernels.map { kernel -> JSONValue in
      [
        "isa": .string(kernel.instructions.rawValue), "rel_l2": kernel.error.map { .double($0) } ?? .null,
        "verdict": kernel.passes ? "pass" : "fail",
      ]
    }
    members.append(JSONMember("kernels", .array(checks)))
    let peaks = Self.peaks.map { JSONMember($0.precision.rawValue, $0.rate.map { .double($0) } ?? .null) }
    members.append(JSONMember("peak_gflops", .object(peaks)))
    let bounds = ParseLimits.Name.allCases.map { JSONMember($0.rawValue, .int(Int(clamping: limits[$0]))) }
    members.append(JSONMember("limits", .object(bounds)))
    return .object(members)
  }
}
