internal import ResNetArchitecture
internal import ResNetModel
internal import SWT
internal import SWTBytes
internal import SWTConsole
internal import SWTConversion
internal import SWTInputs
internal import SWTVerification

// How the command line reports the libraries' failures: an exit status, and a remedy in terms of options.

extension CommandFailure {
  /// Seconds for the search for the cause of a golden that settles nothing.
  private static let diagnosisSeconds = 10.0

  /// An input that cannot be read: exit 5.
  init(reading path: String, _ failure: ParseFailure) {
    if case .system(let system) = failure.reason, system.isMissing {
      if path == "-" {
        self.init(.inputUnreadable, "standard input is not read", hint: "write it to a file first")
        return
      }
      self.init(.inputUnreadable, file: path, "no such file")
      return
    }
    var hint = failure.hint
    if case .limit(let name, _, _) = failure.reason {
      hint = [hint, "--limit \(name.rawValue)=N allows more"].compactMap(\.self).joined(separator: "; ")
    }
    self.init(.inputUnreadable, file: path, offset: failure.offset, failure.description, hint: hint)
  }

  init(reading path: String, _ error: SWTError) { self.init(InputFailure(path, error)) }

  init(_ failure: InputFailure) {
    switch failure.reason {
    case .parse(let parse): self.init(reading: failure.path, parse)
    case .weights(let error):
      if OpenedInput.isCheckpoint(failure.path) {
        self.init(
          .inputUnreadable, file: failure.path, "a checkpoint, not a .swt weight file",
          hint: "pth2swt convert \(failure.path) -o model.swt makes one")
        return
      }
      self.init(
        .inputUnreadable, file: failure.path, offset: error.offset, "not a valid .swt file: \(error)",
        hint: "the file is damaged or was modified: convert again")
    }
  }

  init(_ failure: ConversionFailure) {
    if let file = failure.file, let cause = failure.cause {
      self.init(reading: file, cause)
      return
    }
    let status: ExitStatus =
      switch failure.kind {
      case .options: .usage
      case .input: .inputUnreadable
      case .architecture: .weightsDiffer
      case .golden: .goldenUnusable
      case .output: .outputFailed
      }
    let prefix = failure.file.map { "\($0): " } ?? ""
    let message =
      failure.message.hasPrefix(prefix) ? String(failure.message.dropFirst(prefix.count)) : failure.message
    self.init(
      status, file: failure.kind == .options ? nil : failure.file, message, hint: failure.remedy?.option)
  }

  /// With the cause that verification finds if goldens settled nothing, which takes seconds.
  static func diagnosed(_ failure: ConversionFailure) -> CommandFailure {
    let plain = CommandFailure(failure)
    guard let network = failure.unsettled else { return plain }
    let cause = Verifier.diagnosis(of: network, seconds: diagnosisSeconds) ?? "no cause found"
    return CommandFailure(
      plain.status, file: plain.file, offset: plain.offset, "\(plain.message); verify's diagnosis: \(cause)",
      hint: plain.hint)
  }

  init(_ failure: VerificationFailure) {
    switch failure {
    case .model(let file, let error): self.init(reading: file, error)
    case .network(let file, let text): self.init(.weightsDiffer, file: file, text)
    case .golden(let file, let text):
      self.init(
        .goldenUnusable, file: file, text, hint: "pth2swt golden make --print-script makes one with PyTorch")
    case .source(let failure):
      let source = CommandFailure(failure)
      self.init(.inputUnreadable, file: source.file, offset: source.offset, source.message, hint: source.hint)
    }
  }

  init(_ failure: ModelFailure, file path: String) {
    switch failure {
    case .file(let error): self.init(reading: path, error)
    case .noArchitecture, .misfit: self.init(.weightsDiffer, file: path, "\(failure)")
    }
  }
}

extension Remedy {
  /// The remedy in terms of options.
  var option: String {
    switch self {
    case .say(let text): text
    case .someHead: "--head NAME chooses the classifier, --head none takes the network without one"
    case .nameClasses: "--labels FILE names them"
    case .settleConventions:
      "--golden settles what is open; --stem, --pool, --strides, --stride-on, --dilation and --bn-eps state it"
    case .someKey: "choose one with --key"
    case .key(let key): "--key \(key) selects it"
    case .keyWithoutRest(let key): "--key \(key) converts the backbone alone, without logits"
    case .anyStateDict: "--arch none converts any state dict"
    case .withoutFolding: "convert without --fold-bn"
    case .replaceOutput: "--force replaces it"
    case .names: "pth2swt arch and pth2swt inspect --tensors list names"
    }
  }
}
