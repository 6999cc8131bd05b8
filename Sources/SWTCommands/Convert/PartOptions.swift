internal import SWTConsole
internal import SWTConversion

// `convert --part K/N` and `convert --join`.

extension Convert {
  /// The part to convert; nil without the option.
  static func part(
    _ arguments: Arguments, _ options: ConversionOptions, _ joins: Bool
  ) throws(UsageError) -> ConversionPart? {
    let output = arguments.value("output") ?? ""
    if joins {
      guard arguments.value("part") == nil else { throw UsageError("--join and --part exclude each other") }
      for name in ["dry-run", "skip-unknown", "format", "exclude", "key", "golden"]
      where arguments.has(name) {
        throw UsageError("--join makes one file of its parts as they are, without --\(name)")
      }
      return nil
    }
    guard let text = arguments.value("part") else { return nil }
    guard let part = ConversionPart(text) else {
      throw UsageError("--part expects K/N with 1 <= K <= N <= 65536, not '\(text)'")
    }
    guard options.architecture == .none else {
      throw UsageError("--part requires --arch none: a network is converted as a whole")
    }
    guard output.hasSuffix(".swt") else {
      throw UsageError("a part is a .swt file; join the parts to another format")
    }
    guard options.goldens.isEmpty else { throw UsageError("a part of a checkpoint has no golden tests") }
    return part
  }

  static func join(
    _ parts: [String], to output: String, _ options: ConversionOptions, _ progress: ConversionProgress
  ) throws(CommandFailure) -> ConversionSummary {
    do throws(ConversionFailure) {
      return try Converter.join(parts, to: output, options, progress: progress)
    } catch {
      throw CommandFailure(error)
    }
  }
}
