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
  ///   - values: reads a small tensor by name, for families that store conventions in one.
  /// - Throws: ``ReadingFailure`` with the first cause.
  public init(
    _ tensors: [(name: String, shape: [Int])], _ request: Request, key: String? = nil,
    options: Conventions = Conventions(), official: OfficialFile? = nil,
    values: @escaping @Sendable (String) -> [Double]? = { _ in nil }
  ) throws(ReadingFailure) {
    let keys = KeyIndex(Set(tensors.map(\.name)))
    let choice: CandidateChoice
    do {
      choice = try CandidateChoice(keys, key: key)
    } catch {
      throw NearFamily.explain(tensors, keys, key: key) ?? error
    }
    if let trap = official?.trap {
      throw ReadingFailure(
        "it is \(official?.name ?? ""): \(trap)", .anyStateDict)
    }
    let leaves = try Leaves(tensors, choice)
    let head = ForeignHead.find(tensors, choice.candidate.prefix)
    if let head, leaves.shapes["fc.weight"] == nil, key == nil,
      choice.family.name == KeyFamily.torchvision.name
    {
      throw ReadingFailure(
        "its classifier is outside '\(choice.candidate.prefix)': \(head)",
        .keyWithoutRest(String(choice.candidate.prefix.dropLast())))
    }
    let (architecture, settled) = try Self.architecture(
      request, leaves, choice,
      Surroundings(
        keys: keys, prefix: choice.candidate.prefix, shapes: leaves.shapes,
        shape: { name in tensors.first { $0.name == name }?.shape }, values: values),
      options, official, tensors)
    let tree = LayerTree(architecture)
    let fit = StateDictFit(tree, leaves.shapes)
    guard fit.isComplete else {
      throw Self.misfit(request, leaves, tree, fit, choice, tensors)
    }
    self.tree = tree
    conventions = settled
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
    leftOut = leaves.leftOut
    unused = leaves.foreign
    var notes = Self.notes(leaves, tree, choice, synthesized: !synthesized.isEmpty)
    if options.strideOn != nil, architecture.block == .basic {
      notes.append(Note("the option has no effect: a basic block has its stride on the first 3×3"))
    }
    self.notes = notes
  }

  /// The same reading with another epsilon.
  package func withEpsilon(_ epsilon: Double) -> StateDictReading {
    var copy = self
    var architecture = tree.architecture
    architecture.epsilon = epsilon
    copy.tree = LayerTree(architecture)
    return copy
  }

  /// The requested or inferred architecture, with the conventions that shapes do not determine.
  private static func architecture(
    _ request: Request, _ leaves: Leaves, _ choice: CandidateChoice, _ surroundings: Surroundings,
    _ options: Conventions, _ official: OfficialFile?, _ tensors: [(name: String, shape: [Int])]
  ) throws(ReadingFailure) -> (Architecture, SettledConventions) {
    var options = options
    var architecture: Architecture
    switch request {
    case .auto:
      do throws(ReadingFailure) {
        architecture = try Architecture.inferred(from: leaves.shapes)
        architecture.layers = leaves.blockCounts(stages: architecture.layers.count)
      } catch {
        let stray = leaves.stray(tensors, choice, missing: nil)
        let miss = NearMiss(leaves.shapes, tree: nil, prefix: choice.candidate.prefix, stray: stray)
        throw ReadingFailure(
          "it looks like a ResNet (\(choice.family.name)), but \(miss.cause ?? error.message)",
          .anyStateDict)
      }
    case .named(let name):
      guard let named = Architecture.named(name) else {
        throw ReadingFailure(
          "there is no architecture '\(name)'", .names(Architecture.published.map(\.name)))
      }
      architecture = named
      // A fine-tuned head has its own number of classes; without fc, the network is headless.
      architecture.classCount = leaves.shapes["fc.weight"]?.first
      // Names such as resnet50_v1 and resnet50_os8 include conventions.
      if options.strideOn == nil, named.strideOn != .conv2 { options.strideOn = named.strideOn }
      if options.dilations == nil, named.dilations.contains(where: { $0 != 1 }) {
        options.dilations = named.dilations
      }
    case .stated(let stated):
      architecture = stated
      options = Conventions(
        strideOn: stated.strideOn, dilations: stated.dilations, epsilon: stated.epsilon,
        channels: options.channels)
    }
    let stages = architecture.layers.count
    if let dilations = options.dilations, dilations.count != stages {
      throw ReadingFailure("dilations are given for \(dilations.count) stages; the network has \(stages)")
    }
    var sources: [(ConventionSource, Conventions)] = [(.option, options)]
    if let official { sources.append((.file(official.name), official.conventions)) }
    sources.append((.family(choice.family.name), choice.family.conventions(surroundings)))
    let settled = SettledConventions(sources, block: architecture.block, stages: stages)
    if case .stated = request { return (architecture, settled) }
    architecture = settled.applied(to: architecture)
    guard architecture.isConsistent else {
      throw ReadingFailure("its shapes do not describe a valid network: \(architecture.name)")
    }
    return (architecture, settled)
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
    _ leaves: Leaves, _ tree: LayerTree, _ choice: CandidateChoice, synthesized: Bool
  ) -> [Note] {
    var notes: [Note] = []
    let architecture = tree.architecture
    if let count = architecture.classCount {
      if architecture.stem != .conv3x3, count != 1000 {
        notes.append(Note("fc has \(count) classes, not ImageNet's 1000: fine-tuned or trained from scratch"))
      }
    } else {
      notes.append(Note("no classifier: the output is \(tree.outputName)'s feature map"))
    }
    if synthesized {
      notes.append(Note("no running statistics are stored: a mean of 0 and a variance of 1 − ε are used"))
    } else if !leaves.shapes.keys.contains(where: { $0.hasSuffix(".num_batches_tracked") }) {
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
