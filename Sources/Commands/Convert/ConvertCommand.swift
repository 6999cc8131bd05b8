internal import SWTBytes
internal import SWTConversion
internal import SWTResNet
internal import SWTTensorFiles

/// `pth2swt convert`: a checkpoint becomes a weight file.
struct Convert: Command {
  static let spec = CommandSpec(
    "convert", "Turn a PyTorch checkpoint into a .swt weight file, without executing anything in it.",
    operands: [.init("INPUT", "Any readable checkpoint.")],
    options: [
      .value("output", "OUT", "Where to write: .swt, or .safetensors by its ending.", short: "o"),
      .value("arch", "ARCH", "auto (default) recognises it; none: any state dict; or a name it must be."),
      .value("key", "PATH", "Which entry of a nested checkpoint: state_dict, model, model_ema …"),
      .value("golden", "GOLDEN", "Embed a golden test, so that the file can prove itself; repeatable."),
      .value("meta", "KEY=VALUE", "Add metadata; repeatable. Own keys start with x."),
      .value("license", "ID", "SPDX identifier of the weights' licence."),
      .value("labels", "FILE", "Class names, one on each line."),
      .value("precision", "TYPE", "f32, f16, bf16 or i8: how convolution and fc weights are stored."),
      .value(
        "keep-wide", "WHICH",
        "With i8: auto (default) keeps the first convolution and fc in f16 where it pays, none, or names."),
      .flag("fold-bn", "Fold BatchNorm into the convolutions."),
    ] + Conventions.options + [
      .value("threads", "N", "Threads to use."),
      .flag("force", "Replace an existing OUT."),
    ],
    examples: [
      .init("pth2swt convert model.pth -o model.swt", "Convert; the architecture is read from the shapes."),
      .init(
        "pth2swt convert model.pth -o model.swt --golden model.golden.safetensors",
        "The same, with a test inside."),
      .init(
        "pth2swt convert model.pth -o small.swt --fold-bn --precision f16", "Half the size, with receipts."),
      .init(
        "pth2swt convert caffe.pth -o v1.swt --stride-on 1x1 --channel-order bgr",
        "Say what neither shapes nor names tell."),
      .init(
        "pth2swt convert unet.pth -o unet.swt --arch none", "Any state dict, under its own names."),
    ])

  let input: String
  let output: String
  let labelsPath: String?
  var options: ConversionOptions
  let json: Bool
  let quiet: Bool

  init(_ arguments: Arguments) throws(UsageError) {
    input = arguments.operands[0]
    guard let output = arguments.value("output") else { throw UsageError("convert needs -o OUT") }
    self.output = output
    var options = ConversionOptions()
    switch arguments.value("arch") {
    case nil, "auto": options.architecture = .auto
    case "none": options.architecture = .none
    case let name?:
      let known = ["auto", "none"] + Architecture.published.map(\.name)
      guard Architecture.named(name) != nil else {
        let hint = EditDistance.nearest(to: name, in: known).map { "; did you mean \($0)?" } ?? ""
        throw UsageError("there is no architecture '\(name)'\(hint)")
      }
      options.architecture = .named(name)
    }
    options.key = arguments.value("key")
    options.conventions = try Conventions(arguments)
    if options.architecture == .none, options.conventions != Conventions() {
      throw UsageError(
        "--arch none has no layer tree: --stride-on and its like say how a network is to be read")
    }
    options.goldens = arguments.all("golden")
    options.license = arguments.value("license")
    options.replacesExisting = arguments.has("force")
    options.foldsBatchNorm = arguments.has("fold-bn")
    if arguments.value("precision") != nil {
      let names = Precision.allCases.map(\.rawValue)
      options.precision = Precision(rawValue: try arguments.choice("precision", names, default: "f32"))
    }
    options.wideLayers = try Self.wideLayers(arguments, options.precision)
    options.limits = try arguments.limits()
    for setting in arguments.all("meta") {
      let parts = setting.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard parts.count == 2, MetadataKeys.isKey(String(parts[0])) else {
        throw UsageError("--meta is KEY=VALUE with a key of a-z, 0-9, _ and ., not '\(setting)'")
      }
      options.metadata.append((String(parts[0]), String(parts[1])))
    }
    labelsPath = arguments.value("labels")
    self.options = options
    json = arguments.has("json")
    quiet = arguments.has("quiet")
    _ = try arguments.integer("threads", in: 1...1024, default: 1)
  }

  private static func wideLayers(
    _ arguments: Arguments, _ precision: Precision?
  ) throws(UsageError) -> WideLayers {
    guard let text = arguments.value("keep-wide") else { return .auto }
    guard precision == .i8 else { throw UsageError("--keep-wide goes with --precision i8") }
    switch text {
    case "auto": return .auto
    case "none": return .none
    default: return .named(text.split(separator: ",").map(String.init))
    }
  }

  func run(_ console: Console) throws(CommandFailure) -> ExitStatus {
    var options = options
    if let labelsPath { options.labels = try Self.readLabels(labelsPath) }
    let clock = ContinuousClock()
    let start = clock.now
    let summary: ConversionSummary
    do {
      try Self.requireDistinct(input, output)
      summary = try Converter.convert(input, to: output, options)
    } catch let failure as ConversionFailure {
      throw CommandFailure(failure)
    } catch let failure as CommandFailure {
      throw failure
    } catch {
      throw CommandFailure(.internalError, file: input, "\(error)")
    }
    let seconds = (clock.now - start) / .seconds(1)
    for warning in summary.warnings { console.note("pth2swt: warning: \(input): \(warning)") }
    if json {
      console.line(document(summary, seconds).text(pretty: true))
    } else if summary.wasUpToDate {
      if !quiet { console.line("\(output): up to date") }
    } else if !quiet {
      console.write(text(summary, seconds))
    }
    return .success
  }

  static func readLabels(_ path: String) throws(CommandFailure) -> [String] {
    do throws(ParseFailure) {
      let source = try FileSource(path: path)
      guard source.byteCount <= 16 << 20 else {
        throw ParseFailure(.unsupported("a file of \(source.byteCount) bytes is no list of labels"))
      }
      let bytes = try source.bytes(at: 0, count: source.byteCount)
      guard let text = String(validating: bytes, as: UTF8.self) else {
        throw ParseFailure(.invalid("the labels are not UTF-8"))
      }
      // Scalars, since "\r\n" is one Character and no "\n".
      var lines = text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false).map { line in
        String(line.last == "\r" ? line.dropLast() : line)
      }
      if lines.last == "" { lines.removeLast() }
      return lines
    } catch {
      throw CommandFailure(reading: path, error)
    }
  }

  /// An output that is also the input would be replaced by a file made from it.
  private static func requireDistinct(_ input: String, _ output: String) throws(CommandFailure) {
    if input == output || FileIdentity(input).map({ $0 == FileIdentity(output) }) == true {
      throw CommandFailure(.outputFailed, file: output, "the output is the input", hint: "name another OUT")
    }
  }

  private func document(_ summary: ConversionSummary, _ seconds: Double) -> JSONValue {
    let document: JSONValue = [
      "schema": "pth2swt.convert/1", "input": .string(input), "output": .string(output),
      "architecture": summary.architecture.map { .string($0) } ?? .null,
      "tensors": .int(summary.tensorCount), "aliases": .int(summary.aliasCount),
      "bytes": .int(summary.byteCount), "content_id": summary.contentID.map { .string($0) } ?? .null,
      "source_sha256": .string(summary.sourceSHA256),
      "unused": .array(summary.unused.map { .string($0) }),
      "skipped": .array(summary.skipped.map { ["path": .string($0.path), "reason": .string($0.reason)] }),
      "goldens": .array(summary.goldens.map { .string($0) }),
      "kept_wide": .array(summary.wideLayers.map { .string($0) }),
      "worst_rounding": summary.worstRounding.map {
        ["tensor": .string($0.name), "rel_l2": .double($0.relL2)]
      } ?? .null, "up_to_date": .bool(summary.wasUpToDate),
      "warnings": .array(summary.warnings.map { .string($0) }), "seconds": .double(seconds),
    ]
    return .object((document.members ?? []) + summary.readingJSON)
  }

  private func text(_ summary: ConversionSummary, _ seconds: Double) -> String {
    var text = "\(output): \(summary.architecture ?? "state dict"), \(summary.tensorCount) tensors, "
    text += "\(Text.bytes(summary.byteCount)), \(Text.fixed(seconds, 2)) s\n"
    if let identity = summary.contentID { text += "  content id  \(identity)\n" }
    text += summary.readingText
    if let worst = summary.worstRounding {
      text += "  rounding    at most \(Text.scientific(worst.relL2)) of a tensor's norm, in \(worst.name)\n"
    }
    if !summary.wideLayers.isEmpty { text += "  kept wide   \(summary.wideLayers.joined(separator: ", "))\n" }
    if !summary.goldens.isEmpty { text += "  goldens     \(summary.goldens.joined(separator: ", "))\n" }
    // What was left out has been said, with the reason.
    let unused = summary.reading?.unused ?? summary.unused
    if !unused.isEmpty {
      let shown = unused.prefix(5).joined(separator: ", ")
      let more = unused.count > 5 ? ", +\(unused.count - 5) more" : ""
      text += "  not used    \(shown)\(more)\n"
    }
    for (path, reason) in summary.skipped.prefix(5) { text += "  skipped     \(path): \(reason)\n" }
    return text
  }
}

extension CommandFailure {
  init(_ failure: ConversionFailure) {
    switch failure {
    case .input(let file, let failure): self.init(reading: file, failure)
    case .architecture(let file, let text, let hint): self.init(.weightsDiffer, file: file, text, hint: hint)
    case .golden(let file, let text): self.init(.goldenUnusable, file: file, text)
    case .output(let file, let text, let hint):
      let message = text.hasPrefix("\(file): ") ? String(text.dropFirst(file.count + 2)) : text
      self.init(.outputFailed, file: file, message, hint: hint)
    }
  }
}
