internal import ResNetEngine
internal import SWTConsole

/// The value of `--compute`.
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

extension CommandSpec.Option {
  /// `--quantized-engine`.
  static var quantizedEngine: CommandSpec.Option {
    .value(
      "quantized-engine", "ENGINE",
      "Whose rounding, for quantized networks: fbgemm, x86, onednn or qnnpack (default: the file's, else x86).",
      of: .words(QuantizedBackend.allCases.map(\.rawValue)))
  }
}

extension Arguments {
  /// The value of `--quantized-engine`; nil if it is not given.
  func quantizedBackend() throws(UsageError) -> QuantizedBackend? {
    guard value("quantized-engine") != nil else { return nil }
    let names = QuantizedBackend.allCases.map(\.rawValue)
    return QuantizedBackend(rawValue: try choice("quantized-engine", names, default: "x86"))
  }

  /// The value of `--isa`, checked for support by this processor.
  func isa() throws(UsageError) -> InstructionSet {
    guard let name = value("isa"), name != "best" else { return .best }
    guard let set = InstructionSet(rawValue: name) else {
      throw UsageError(
        "--isa must be one of \(InstructionSet.names.joined(separator: ", ")), not '\(name)'")
    }
    guard set.isSupported else { throw UsageError("this processor cannot run \(name)") }
    return set
  }

  /// The value of `--threads`; nil means one per core.
  func threads() throws(UsageError) -> Int? {
    value("threads") == nil ? nil : try integer("threads", in: 1...256, default: 1)
  }

  /// A positive number of seconds.
  func seconds(_ name: String, default fallback: Double) throws(UsageError) -> Double {
    guard let text = value(name) else { return fallback }
    guard let seconds = Double(text), seconds > 0, seconds <= 1e6 else {
      throw UsageError("--\(name) is a positive number of seconds, not '\(text)'")
    }
    return seconds
  }
}
