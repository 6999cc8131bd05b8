/// Explains why no family is recognized in a file that has one of a family's landmarks.
enum NearFamily {
  /// The reason; nil if no family comes close.
  static func explain(
    _ tensors: [(name: String, shape: [Int])], _ keys: KeyIndex, key: String?
  ) -> ReadingFailure? {
    guard key == nil, let choice = nearest(keys), let leaves = try? Leaves(tensors, choice) else {
      return nil
    }
    let stray = leaves.stray(tensors, choice, missing: nil)
    guard let cause = NearMiss(leaves.shapes, tree: nil, prefix: choice.candidate.prefix, stray: stray).cause
    else { return nil }
    return ReadingFailure(
      "it looks like a ResNet (\(choice.family.name)), but \(cause)",
      .anyStateDict)
  }

  /// The family whose first block or first convolution is present; its position gives the prefix.
  private static func nearest(_ keys: KeyIndex) -> CandidateChoice? {
    // Several families have torchvision's blocks.
    var marks: [(mark: String, family: KeyFamily)] = []
    for family in [KeyFamily.torchvision] + KeyFamily.all where family.companions.isEmpty {
      for place in family.landmarks { marks += [(place.block, family), (place.stem, family)] }
    }
    for ((mark, family), name) in zip(marks, keys.shortest(endingWith: marks.map(\.mark))) {
      // `conv1.weight` alone occurs in every block.
      guard let name, isTelling(mark, name) else { continue }
      return CandidateChoice(
        family: family,
        candidate: StateDictCandidate(
          prefix: String(name.dropLast(mark.count)), family: family.name, secondary: nil), passedOver: [])
    }
    return nil
  }

  /// Whether a landmark is specific enough: a first convolution named `conv1` occurs in other networks too.
  private static func isTelling(_ mark: String, _ name: String) -> Bool {
    mark.split(separator: ".").count > 3 || name == mark && mark == "conv1_w"
  }
}

extension CandidateChoice {
  init(family: KeyFamily, candidate: StateDictCandidate, passedOver: [StateDictCandidate]) {
    self.family = family
    self.candidate = candidate
    self.passedOver = passedOver
  }
}
