/// A file's tensor names and shapes, read as a network: which family named them, where they stand, what each is,
/// which architecture they make, and what shapes could not tell.
public struct StateDictReading: Sendable {
  /// Which architecture a caller asks for.
  public enum Request: Equatable, Sendable {
    /// Whatever keys and shapes make.
    case auto
    /// A published network; the number of classes is the file's.
    case named(String)
    /// What a weight file says it is.
    case stated(Architecture)
  }

  /// Where in the file the network was found.
  public let candidate: StateDictCandidate
  /// The network that the tensors make.
  public private(set) var tree: LayerTree
  /// What shapes could not tell, and who said it.
  public let conventions: SettledConventions
  /// Every leaf of the tree that the file fills, in execution order, and the name that fills it.
  public let filled: [(parameter: ParameterSpec, key: String)]
  /// Leaves that stand for what the family does not store: running means of 0 and variances of 1 − ε.
  public let synthesized: [ParameterSpec]
  /// Names that belong to the network's checkpoint and not to its function, and why.
  public let leftOut: [(key: String, reason: String)]
  /// Names that have nothing to do with the network.
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

  /// - Parameters:
  ///   - tensors: names and shapes, as they are in the file.
  ///   - request: which architecture it has to be.
  ///   - key: entry of a nested checkpoint to look in, such as `state_dict` or `model_ema`.
  ///   - options: what whoever converts says.
  ///   - official: the published file that this is.
  ///   - values: the values of a small tensor by its name, where a family keeps in one what shapes cannot tell.
  /// - Throws: ``ReadingFailure``, with the first real cause.
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
        "it has a head outside of '\(choice.candidate.prefix)': \(head)",
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
      notes.append(Note("a basic block has its stride on the first 3×3, whatever is asked for"))
    }
    self.notes = notes
  }

  /// The same names with another epsilon.
  package func withEpsilon(_ epsilon: Double) -> StateDictReading {
    var copy = self
    var architecture = tree.architecture
    architecture.epsilon = epsilon
    copy.tree = LayerTree(architecture)
    return copy
  }

  /// What was asked for, or what the shapes say, with all that they do not.
  private static func architecture(
    _ request: Request, _ leaves: Leaves, _ choice: CandidateChoice, _ surroundings: Surroundings,
    _ options: Conventions, _ official: OfficialFile?, _ tensors: [(name: String, shape: [Int])]
  ) throws(ReadingFailure) -> (Architecture, SettledConventions) {
    var options = options
    var architecture: Architecture
    switch request {
    case .auto:
      do throws(InferenceFailure) {
        architecture = try Architecture.inferred(from: leaves.shapes)
        architecture.layers = leaves.blockCounts(stages: architecture.layers.count)
      } catch {
        let stray = leaves.stray(tensors, choice, missing: nil)
        let miss = NearMiss(leaves.shapes, tree: nil, prefix: choice.candidate.prefix, stray: stray)
        throw ReadingFailure(
          "it looks like a ResNet (\(choice.family.name)), but \(miss.cause ?? error.description)",
          .anyStateDict)
      }
    case .named(let name):
      guard let named = Architecture.named(name) else {
        throw ReadingFailure(
          "there is no architecture '\(name)'", .names(Architecture.published.map(\.name)))
      }
      architecture = named
      // A fine-tuned head has its own number of classes; without fc the network is headless.
      architecture.classCount = leaves.shapes["fc.weight"]?.first
      // resnet50_v1 and resnet50_os8 say what shapes do not.
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
      throw ReadingFailure("dilations are given for \(dilations.count) stages, the network has \(stages)")
    }
    var sources: [(ConventionSource, Conventions)] = [(.option, options)]
    if let official { sources.append((.file(official.name), official.conventions)) }
    sources.append((.family(choice.family.name), choice.family.conventions(surroundings)))
    let settled = SettledConventions(sources, block: architecture.block, stages: stages)
    if case .stated = request { return (architecture, settled) }
    architecture = settled.applied(to: architecture)
    guard architecture.isConsistent else {
      throw ReadingFailure("its shapes describe no network: \(architecture.name)")
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
        notes.append(Note("fc has \(count) classes, ImageNet has 1000: fine-tuned or trained anew"))
      }
    } else {
      notes.append(Note("headless: there is no fc, so that the map of \(tree.outputName) comes out"))
    }
    if synthesized {
      notes.append(Note("no running statistics are stored: a mean of 0 and a variance of 1 − ε stand for them"))
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
