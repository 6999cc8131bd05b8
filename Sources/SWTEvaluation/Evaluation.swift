/// Pictures and what one or two networks said about them.
package struct Evaluation: Sendable {
  package let pictures: [LabeledPicture]
  package let outcomes: [Evaluator.Outcome]

  /// - Precondition: There is one outcome per picture.
  package init(_ pictures: [LabeledPicture], _ outcomes: [Evaluator.Outcome]) {
    precondition(pictures.count == outcomes.count, "one outcome per picture")
    (self.pictures, self.outcomes) = (pictures, outcomes)
  }

  /// A picture that was read, with the answer of each network.
  package struct Item: Sendable {
    package let picture: LabeledPicture
    package let answers: [Answer]
  }

  /// The pictures that were read.
  package var items: [Item] {
    zip(pictures, outcomes).compactMap { picture, outcome in
      guard case .answers(let answers) = outcome else { return nil }
      return Item(picture: picture, answers: answers)
    }
  }

  /// The pictures that could not be read, with reasons.
  package var unreadable: [(path: String, reason: String)] {
    zip(pictures, outcomes).compactMap { picture, outcome in
      guard case .unreadable(let reason) = outcome else { return nil }
      return (picture.path, reason)
    }
  }

  /// Pictures for which the class of the picture is among the first `count` answers of a network.
  package func correct(_ count: Int, network: Int = 0) -> Int {
    items.count { $0.answers[network].classes.prefix(count).contains($0.picture.label) }
  }

  /// Pictures whose first answer differs between the two networks.
  package var changed: [Item] {
    items.filter { $0.answers.count > 1 && $0.answers[0].classes.first != $0.answers[1].classes.first }
  }
}
