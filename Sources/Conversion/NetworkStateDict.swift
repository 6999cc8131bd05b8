public import PthReader
public import SWTResNet
internal import SWTTensors

/// The part of a checkpoint that is a network, laid onto its layer tree.
public struct NetworkStateDict: Sendable {
  public let tree: LayerTree
  /// Prefix and family of the state dict that was chosen.
  public let candidate: StateDictCandidate
  /// Every tensor of the network in execution order, by torchvision's name.
  public let tensors: [(parameter: ParameterSpec, entry: TensorEntry)]
  /// Names of the file's tensors that are no part of the network: optimizer state, averages, other models.
  public let unused: [String]

  /// Which architecture a caller asks for.
  public enum Request: Equatable, Sendable {
    case auto
    case named(String)
    /// What a weight file says it is.
    case stated(Architecture)
  }

  /// Finds the network in a checkpoint and lays it onto its layer tree.
  ///
  /// `key` is the entry of a nested checkpoint to look in, such as `state_dict` or `model_ema`; `file` is the name
  /// that errors bear.
  ///
  /// - Throws: ``ConversionFailure/architecture(file:_:hint:)`` with everything that does not fit, at once.
  public init(
    _ checkpoint: Checkpoint, _ request: Request, key: String?, file: String
  ) throws(ConversionFailure) {
    func fail(_ message: String, _ hint: String? = nil) -> ConversionFailure {
      .architecture(file: file, message, hint: hint)
    }
    let names = Set(checkpoint.tensors.map(\.name))
    let (family, candidate) = try Self.choose(names, key: key, fail)
    var entries: [String: TensorEntry] = [:]
    var unused: [String] = []
    for entry in checkpoint.tensors {
      guard entry.name.hasPrefix(candidate.prefix),
        let canonical = family.canonical(String(entry.name.dropFirst(candidate.prefix.count)))
      else {
        unused.append(entry.name)
        continue
      }
      guard entries.updateValue(entry, forKey: canonical) == nil else {
        throw fail("two tensors are called \(entry.name)")
      }
    }
    let shapes = entries.mapValues(\.shape)
    let architecture = try Self.architecture(request, shapes, fail)
    tree = LayerTree(architecture)
    let fit = StateDictFit(tree, shapes)
    guard fit.isComplete else {
      throw fail(
        "its tensors do not fit \(architecture.name): \(fit.summary())", Self.likelyReason(fit, shapes))
    }
    self.candidate = candidate
    self.unused = unused
    var tensors: [(ParameterSpec, TensorEntry)] = []
    for (parameter, key) in fit.filled {
      guard let entry = entries[key] else { continue }
      guard parameter.isOptional || entry.scalarType.isFloatingPoint else {
        throw fail("\(entry.name) holds \(entry.scalarType.rawValue) values, not floating-point numbers")
      }
      guard !entry.isMeta else { throw fail("\(entry.name) is a meta tensor: the file holds no values") }
      tensors.append((parameter, entry))
    }
    self.tensors = tensors
  }

  private static func choose(
    _ names: Set<String>, key: String?, _ fail: (String, String?) -> ConversionFailure
  ) throws(ConversionFailure) -> (KeyFamily, StateDictCandidate) {
    let all = KeyFamily.candidates(in: names)
    var candidates = all
    if let key {
      candidates = all.filter { $0.1.prefix.hasPrefix(key + ".") || ($0.1.prefix.isEmpty && key.isEmpty) }
      guard !candidates.isEmpty else {
        let prefixes = all.map { "'\($0.1.prefix)'" }.joined(separator: ", ")
        throw fail(
          "there is no ResNet under --key \(key)",
          all.isEmpty ? nil : "state dicts were found under \(prefixes)")
      }
    } else if candidates.contains(where: { !$0.1.isAverage }) {
      candidates.removeAll { $0.1.isAverage }
    }
    guard let first = candidates.first else {
      let examples = names.sorted().prefix(3).joined(separator: ", ")
      throw fail(
        names.isEmpty
          ? "it holds no tensors" : "no known ResNet or ResNeXt: its tensors are \(examples), …",
        "--arch none converts any state dict")
    }
    guard candidates.count == 1 else {
      let prefixes = candidates.map { "'\($0.1.prefix.dropLast())'" }.joined(separator: ", ")
      throw fail("it holds \(candidates.count) networks, under \(prefixes)", "choose one with --key")
    }
    return first
  }

  private static func architecture(
    _ request: Request, _ shapes: [String: [Int]], _ fail: (String, String?) -> ConversionFailure
  ) throws(ConversionFailure) -> Architecture {
    switch request {
    case .auto:
      do throws(InferenceFailure) {
        return try Architecture.inferred(from: shapes)
      } catch {
        throw fail("it looks like a ResNet, but \(error)", "--arch none converts any state dict")
      }
    case .named(let name):
      guard var architecture = Architecture.named(name) else {
        throw fail("there is no architecture '\(name)'", "pth2swt arch lists them")
      }
      // A fine-tuned head has its own number of classes; without fc the network is headless.
      architecture.classCount = shapes["fc.weight"]?.first
      return architecture
    case .stated(let architecture): return architecture
    }
  }

  private static func likelyReason(_ fit: StateDictFit, _ shapes: [String: [Int]]) -> String? {
    if fit.unexpected.contains(where: { $0.contains(".se.") || $0.contains(".se_module.") }) {
      return "squeeze-and-excitation blocks are another architecture"
    }
    if let found = try? Architecture.inferred(from: shapes), StateDictFit(LayerTree(found), shapes).isComplete
    {
      return "its shapes are those of \(found.name)"
    }
    return nil
  }
}
