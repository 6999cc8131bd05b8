/// Which linear layer of a file is the classifier.
public enum HeadRequest: Hashable, Sendable {
  /// The only one that can be.
  case auto
  /// None: what is in its place is left out.
  case none
  /// The one under that name in the file: `head`, `classifier.1`, `model.fc.4`.
  case key(String)
}

/// A classifier that is not where torchvision has it.
struct HeadChoice {
  /// A matrix `[classes, features]` of the file.
  struct Matrix {
    /// Its name without `.weight`.
    let module: String
    let classes: Int
    /// Whether it has the network's prefix.
    let isInside: Bool

    var text: String { "\(module) (\(classes) classes)" }
  }

  /// The module of the classifier in the file; nil for a headless network.
  private(set) var module: String?
  private(set) var witness = Witness.file
  private(set) var notes: [StateDictReading.Note] = []
  /// Names of the file that are left out, and why.
  private(set) var leftOut: [(key: String, reason: String)] = []

  /// Finds the classifier, and puts it where the layer tree has it.
  ///
  /// - Throws: ``ReadingFailure`` that lists the candidates if there are several, or an MLP.
  init(
    _ request: HeadRequest, _ tensors: [(name: String, shape: [Int])], _ leaves: inout Leaves,
    _ choice: CandidateChoice, key: String?
  ) throws(ReadingFailure) {
    guard let features = leaves.features else { return }
    module = leaves.names["fc.weight"].map { String($0.dropLast(".weight".count)) }
    let prefix = choice.candidate.prefix
    switch request {
    case .none:
      try leaveOut(&leaves, prefix, keeping: nil)
      (module, witness) = (nil, .option)
    case .key(let name):
      witness = .option
      guard let found = Self.matrix(named: name, tensors, prefix) else {
        throw ReadingFailure("there is no linear layer '\(name)' in it")
      }
      try take(found, tensors, &leaves, prefix)
    case .auto:
      guard Self.wrappedFamilies.contains(choice.family.name) else { return }
      try settle(features, tensors, &leaves, choice, key)
    }
  }

  /// Families of networks that other programs wrap; the others have heads of their own, or heads for training.
  private static let wrappedFamilies: Set<String> = [
    KeyFamily.torchvision.name, KeyFamily.sequential.name, KeyFamily.cifar.name,
    KeyFamily.cadeneTorchvision.name,
  ]

  /// Modules that training uses beside a network, and that its evaluation drops.
  private static let trainingModules: Set<Substring> = [
    "projector", "projection", "projection_head", "proj_head", "prototypes", "predictor", "queue",
    "online_head",
    "contrastive_head", "proj", "criterion", "center_loss", "memory_bank",
  ]

  private mutating func settle(
    _ features: Int, _ tensors: [(name: String, shape: [Int])], _ leaves: inout Leaves,
    _ choice: CandidateChoice, _ key: String?
  ) throws(ReadingFailure) {
    let prefix = choice.candidate.prefix
    let scope = key.map { $0.isEmpty ? "" : $0 + "." } ?? ""
    // The classifier of an average or of another network is not this network's.
    let others = choice.passedOver.map(\.prefix).filter { !$0.isEmpty && !prefix.hasPrefix($0) }
    let matrices = Self.matrices(tensors, features, prefix, scope).filter { matrix in
      !others.contains { matrix.module.hasPrefix($0) }
    }
    let outside = matrices.filter { !$0.isInside }
    let inside = matrices.filter { $0.isInside && $0.module != module }
    guard let found = outside.first ?? (module == nil ? inside.first : nil) else { return }
    let rivals = outside.isEmpty ? inside : outside
    if rivals.count > 1 {
      throw ReadingFailure(
        "several linear layers may be its classifier: "
          + rivals.prefix(8).map(\.text).joined(separator: ", "), .someHead)
    }
    if let next = Self.layerAfter(found, tensors) {
      throw ReadingFailure(
        "its head is a sequence of layers, \(found.module) and \(next), while a ResNet has one linear layer",
        .someHead)
    }
    if !found.isInside, let between = Self.normBetween(tensors, features, prefix, scope) {
      throw ReadingFailure(
        "\(between) is outside the network, between it and \(found.module) perhaps", .someHead)
    }
    if let own = module, !found.isInside {
      let classes = leaves.shapes["fc.weight"]?.first ?? 0
      notes.append(
        .init(
          "\(own) (\(classes) classes) is not used: the classifier is \(found.module), outside the backbone",
          .someHead))
    } else if !found.isInside || !found.module.hasSuffix("fc") {
      notes.append(.init("the classifier is \(found.module) (\(found.classes) classes)"))
    }
    try take(found, tensors, &leaves, prefix)
  }

  /// Every matrix with as many columns as the network has features, except optimizers' and other networks'.
  private static func matrices(
    _ tensors: [(name: String, shape: [Int])], _ features: Int, _ prefix: String, _ scope: String
  ) -> [Matrix] {
    tensors.compactMap { name, shape in
      guard shape.count == 2, shape[1] == features, name.hasSuffix(".weight"), name.hasPrefix(scope) else {
        return nil
      }
      let module = String(name.dropLast(".weight".count))
      if let inside = name.removing(prefix) {
        // Layers of blocks are not classifiers.
        guard !inside.hasPrefix("layer"), !Leaves.isTrainingOnly(inside) else { return nil }
        let isTraining = inside.split(separator: ".").contains { trainingModules.contains($0) }
        return isTraining ? nil : Matrix(module: module, classes: shape[0], isInside: true)
      }
      let wrapper = enclosure(of: prefix)
      guard let rest = name.removing(wrapper) else { return nil }
      let parts = rest.split(separator: ".")
      guard !parts.contains(where: { trainingModules.contains($0) || isOfTraining($0) }) else { return nil }
      // A part of another network has its own blocks.
      guard parts.count <= 4,
        !parts.contains(where: { $0.hasPrefix("layer") || $0 == "encoder" || $0 == "decoder" })
      else { return nil }
      return Matrix(module: module, classes: shape[0], isInside: false)
    }
  }

  /// `model.backbone.` -> `model.`: where a wrapper's own layers are.
  private static func enclosure(of prefix: String) -> String {
    prefix.dropLast().split(separator: ".").dropLast().map { "\($0)." }.joined()
  }

  private static func isOfTraining(_ part: Substring) -> Bool {
    part.hasPrefix("optim") || part.hasSuffix("_ema") || part.hasPrefix("ema_") || part == "ema"
      || part.hasPrefix("exp_avg") || part == "momentum_buffer" || part.hasPrefix("teacher")
      || part == "student"
  }

  private static func matrix(
    named name: String, _ tensors: [(name: String, shape: [Int])], _ prefix: String
  ) -> Matrix? {
    for full in [name, prefix + name, enclosure(of: prefix) + name] {
      if let found = tensors.first(where: { $0.name == full + ".weight" }), found.shape.count == 2 {
        return Matrix(module: full, classes: found.shape[0], isInside: full.hasPrefix(prefix))
      }
    }
    return nil
  }

  /// Another linear layer in the same sequence, which has the first one's outputs as its columns.
  private static func layerAfter(_ found: Matrix, _ tensors: [(name: String, shape: [Int])]) -> String? {
    guard let dot = found.module.lastIndex(of: "."),
      Int(found.module[found.module.index(after: dot)...]) != nil
    else { return nil }
    let sequence = found.module[...dot]
    return tensors.first { name, shape in
      shape.count == 2 && shape[1] == found.classes && name.hasPrefix(sequence) && name.hasSuffix(".weight")
        && name != found.module + ".weight"
    }.map { String($0.name.dropLast(".weight".count)) }
  }

  /// A normalization of the features outside the network.
  private static func normBetween(
    _ tensors: [(name: String, shape: [Int])], _ features: Int, _ prefix: String, _ scope: String
  ) -> String? {
    let wrapper = enclosure(of: prefix)
    return tensors.first { name, shape in
      guard shape == [features], !name.hasPrefix(prefix), name.hasPrefix(scope),
        let rest = name.removing(wrapper)
      else { return false }
      let parts = rest.split(separator: ".")
      return rest.hasSuffix(".running_mean") && parts.count <= 3 && !parts.contains { isOfTraining($0) }
    }.map { String($0.name.dropLast(".running_mean".count)) }
  }

  // MARK: - Taking

  private mutating func take(
    _ found: Matrix, _ tensors: [(name: String, shape: [Int])], _ leaves: inout Leaves, _ prefix: String
  ) throws(ReadingFailure) {
    try leaveOut(&leaves, prefix, keeping: found.module)
    for leaf in ["weight", "bias"] {
      let name = "\(found.module).\(leaf)"
      guard let tensor = tensors.first(where: { $0.name == name }) else { continue }
      leaves.setHead("fc.\(leaf)", tensor.shape, name)
    }
    module = found.module
  }

  /// Leaves out every layer under the prefix that is not the backbone's.
  private mutating func leaveOut(
    _ leaves: inout Leaves, _ prefix: String, keeping kept: String?
  ) throws(ReadingFailure) {
    for (leaf, name) in leaves.names where !Leaves.isBackbone(leaf) {
      leaves.remove(leaf)
      if let kept, name.hasPrefix(kept + ".") { continue }
      leftOut.append((name, "not the classifier"))
    }
    leftOut.sort { $0.key < $1.key }
  }
}
