/// A file's tensor names and shapes, read as a network: the key family, the prefix, the meaning of each key,
/// the architecture, and the conventions that shapes do not determine.
public struct StateDictReading: Sendable {
  /// The architecture that a caller requests.
  public enum Request: Equatable, Sendable {
    /// The architecture that keys and shapes describe.
    case auto
    /// A published network, with the number of classes in the file.
    case named(String)
    /// The architecture stated by a weight file.
    case stated(Architecture)
  }

  /// The state dict in the file.
  public let candidate: StateDictCandidate
  /// The network that the tensors form.
  public private(set) var tree: LayerTree
  /// Conventions that shapes do not determine, and their sources.
  public let conventions: SettledConventions
  /// Every leaf of the tree that the file has, in execution order, and its name in the file.
  public let filled: [(parameter: ParameterSpec, key: String)]
  /// Leaves that the family does not store: running means of 0 and variances of 1 − ε.
  public let synthesized: [ParameterSpec]
  /// Names that belong to the network's checkpoint but not to its function, and why.
  public let leftOut: [(key: String, reason: String)]
  /// Names unrelated to the network.
  public let unused: [String]
  /// What a reader should know: fine-tuned, headless, from before PyTorch 0.4.1 …
  public let notes: [Note]

  /// A golden, and the conventions with which it passes.
  public struct PassingGolden: Sendable {
    /// Its name.
    public let name: String
    let architecture: Architecture
    /// Names of conventions of which it passes with others too, so that they are still assumed.
    let undetermined: Set<String>

    /// A golden; the architecture has the shapes of the state dict.
    public init(name: String, architecture: Architecture, undetermined: Set<String> = []) {
      (self.name, self.architecture, self.undetermined) = (name, architecture, undetermined)
    }
  }

  /// Something worth knowing that is no failure.
  public struct Note: Equatable, Sendable {
    /// What there is to know.
    public let text: String
    /// What can be done about it, where there is something.
    public let remedy: Remedy?

    init(_ text: String, _ remedy: Remedy? = nil) { (self.text, self.remedy) = (text, remedy) }
  }

  /// Reads tensors as a network.
  ///
  /// - Parameters:
  ///   - tensors: names and shapes in the file.
  ///   - request: the architecture to require.
  ///   - key: entry of a nested checkpoint to read, such as `state_dict` or `model_ema`.
  ///   - options: conventions given by the user.
  ///   - official: the published file with this content, if any.
  ///   - head: which linear layer is the classifier.
  ///   - evidence: what the file states besides tensors.
  ///   - golden: conventions with which a golden passes.
  ///   - isFolded: whether BatchNorm is folded into the convolutions, as in networks of integers.
  ///   - values: reads a small tensor by name, for families that store conventions in one.
  /// - Throws: ``ReadingFailure`` with the first cause.
  public init(
    _ tensors: [(name: String, shape: [Int])], _ request: Request, key: String? = nil,
    options: Conventions = Conventions(), official: OfficialFile? = nil, head: HeadRequest = .auto,
    evidence: FileEvidence = FileEvidence(), golden: PassingGolden? = nil,
    isFolded: Bool = false, values: @escaping @Sendable (String) -> [Double]? = { _ in nil }
  ) throws(ReadingFailure) {
    let keys = KeyIndex(Set(tensors.map(\.name)))
    let choice: CandidateChoice
    do {
      choice = try CandidateChoice(keys, key: key)
    } catch {
      throw PreparedNetwork.refusal(tensors, under: key.map { "\($0)." } ?? "")
        ?? Self.quantized(evidence)
        // Of several networks each is one; none of them is nearly one.
        ?? (error.remedy == .someKey ? nil : NearFamily.explain(tensors, keys, key: key)) ?? error
    }
    if let refusal = PreparedNetwork.refusal(tensors, under: choice.candidate.prefix) { throw refusal }
    var leaves = try Leaves(tensors, choice)
    // A weight file states its architecture, which was compared with the modules when it was made.
    var isStated = false
    if case .stated = request { isStated = true }
    let prefix = choice.candidate.prefix
    let modules =
      isStated ? nil : ModuleEvidence(evidence, names: leaves.names, prefix: prefix)
    if let foreign = modules?.foreign { throw foreign }
    let headChoice = try HeadChoice(head, tensors, &leaves, choice, key: key)
    let surroundings = Surroundings(
      keys: keys, prefix: prefix, shapes: leaves.shapes,
      shape: { name in tensors.first { $0.name == name }?.shape }, values: values)
    let reader = ConventionReader(
      request: request, options: options, official: official, family: choice.family,
      surroundings: surroundings, evidence: evidence, modules: modules, golden: golden,
      head: Settled(headChoice.module, headChoice.witness))
    let shape = try Self.shape(request, leaves, choice, tensors)
    let (architecture, settled) = try reader.settle(shape)
    let tree = LayerTree(architecture)
    let fit = StateDictFit(tree, leaves.shapes, isFolded: isFolded)
    guard fit.isComplete else {
      if isFolded {
        throw ReadingFailure("its tensors do not fit \(tree.architecture.name): \(fit.summary())")
      }
      throw Self.misfit(request, leaves, tree, fit, choice, tensors)
    }
    try modules?.require(tree, options: reader.optionNames)
    self.tree = tree
    conventions = settled.with(isFolded: isFolded)
    candidate = choice.candidate
    var filled: [(ParameterSpec, String)] = []
    var synthesized: [ParameterSpec] = []
    for (parameter, leaf) in fit.filled {
      if let name = leaves.names[leaf] {
        filled.append((parameter, name))
      } else {
        synthesized.append(parameter)
      }
    }
    self.filled = filled
    self.synthesized = synthesized
    leftOut = leaves.leftOut + headChoice.leftOut
    unused = Self.sorted(leaves.foreign)
    var notes = headChoice.notes
    notes += Self.notes(leaves, tree, choice, synthesized: !synthesized.isEmpty, isFolded: isFolded)
    if options.strideOn != nil, architecture.block == .basic {
      notes.append(Note("the option has no effect: a basic block has its stride on the first 3×3"))
    }
    self.notes = notes
  }

  /// The failure that names the first quantized module, whose tensors have no names of their own.
  private static func quantized(_ evidence: FileEvidence) -> ReadingFailure? {
    let found = evidence.modules.first { facts in
      facts.type.contains(".quantized.") && ModuleKind(facts) != .nothing
    }
    return found.map { facts in
      ReadingFailure("\(ModuleEvidence.place(facts)) is \(facts.type): a quantized module", .anyStateDict)
    }
  }

  /// Weights before the state of optimizers, which repeats them.
  private static func sorted(_ names: [String]) -> [String] {
    names.filter { !isOptimizers($0) } + names.filter(isOptimizers)
  }

  /// Whether a tensor of this name is part of an optimizer's state.
  package static func isOptimizers(_ name: String) -> Bool {
    name.split(separator: ".").prefix(2).contains { $0.hasPrefix("optim") }
  }

  /// The same reading with another epsilon.
  package func withEpsilon(_ epsilon: Double) -> StateDictReading {
    var copy = self
    var architecture = tree.architecture
    architecture.epsilon = epsilon
    copy.tree = LayerTree(architecture)
    return copy
  }

  /// The requested architecture, or the one that shapes describe.
  private static func shape(
    _ request: Request, _ leaves: Leaves, _ choice: CandidateChoice, _ tensors: [(name: String, shape: [Int])]
  ) throws(ReadingFailure) -> Architecture {
    switch request {
    case .stated(let stated): return stated
    case .named(let name):
      guard var named = Architecture.named(name) else {
        throw ReadingFailure(
          "there is no architecture '\(name)'", .names(Architecture.published.map(\.name)))
      }
      // A fine-tuned head has its own number of classes; without fc, the network is headless.
      named.classCount = leaves.shapes["fc.weight"]?.first
      named.headHasBias = named.classCount == nil || leaves.shapes["fc.bias"] != nil
      return named
    case .auto:
      do throws(ReadingFailure) {
        var architecture = try Architecture.inferred(from: leaves.shapes)
        architecture.layers = leaves.blockCounts(stages: architecture.layers.count)
        return architecture
      } catch {
        let stray = leaves.stray(tensors, choice, missing: nil)
        let miss = NearMiss(leaves.shapes, tree: nil, prefix: choice.candidate.prefix, stray: stray)
        throw ReadingFailure(
          "it looks like a ResNet (\(choice.family.name)), but \(miss.cause ?? error.message)",
          .anyStateDict)
      }
    }
  }

  private static func misfit(
    _ request: Request, _ leaves: Leaves, _ tree: LayerTree, _ fit: StateDictFit, _ choice: CandidateChoice,
    _ tensors: [(name: String, shape: [Int])]
  ) -> ReadingFailure {
    var remedy: Remedy?
    if case .named = request, let found = try? Architecture.inferred(from: leaves.shapes), found.isConsistent,
      StateDictFit(LayerTree(found), leaves.shapes).isComplete
    {
      remedy = .say("its shapes are those of \(found.name)")
    }
    let stray = leaves.stray(tensors, choice, missing: Set(fit.missing))
    let miss = NearMiss(leaves.shapes, tree: tree, prefix: choice.candidate.prefix, stray: stray)
    return ReadingFailure(
      "its tensors do not fit \(tree.architecture.name): \(miss.description)", remedy)
  }

  private static func notes(
    _ leaves: Leaves, _ tree: LayerTree, _ choice: CandidateChoice, synthesized: Bool, isFolded: Bool
  ) -> [Note] {
    var notes: [Note] = []
    let architecture = tree.architecture
    if let count = architecture.classCount {
      if !architecture.isForSmallImages, count != 1000 {
        notes.append(
          Note(
            "fc has \(count) classes, not ImageNet's 1000: fine-tuned or trained from scratch", .nameClasses))
      }
    } else {
      notes.append(Note("no classifier: the output is \(tree.outputName)'s feature map"))
    }
    if synthesized {
      notes.append(Note("no running statistics are stored: a mean of 0 and a variance of 1 − ε are used"))
    } else if !isFolded, !leaves.shapes.keys.contains(where: { $0.hasSuffix(".num_batches_tracked") }) {
      notes.append(Note("no num_batches_tracked: saved before PyTorch 0.4.1, or by a frozen BatchNorm"))
    }
    for other in choice.passedOver {
      let reason = other.secondary.map { " (\($0))" } ?? ""
      notes.append(
        Note(
          "there is another network under '\(other.prefix)'\(reason)", .key(String(other.prefix.dropLast()))))
    }
    return notes
  }
}
