internal import SWTBytes

/// The classes of a network, by label and by number.
package struct ClassNames: Sendable {
  private let count: Int
  /// The number of each label; nil for a label that several classes have.
  private let numbers: [ExactString: Int?]

  /// - Parameters:
  ///   - count: The number of classes.
  ///   - labels: Their names in order; empty if they have none.
  package init(count: Int, labels: [String]) {
    self.count = count
    var numbers: [ExactString: Int?] = [:]
    for (number, label) in labels.enumerated() where number < count {
      let name = ExactString(label)
      numbers[name] = .some(numbers[name] == nil ? number : nil)
    }
    self.numbers = numbers
  }

  /// What a text says about a class.
  package enum Meaning: Equatable, Sendable {
    case number(Int)
    /// Several classes have this label.
    case ambiguous
    case unknown
  }

  /// A label of the network, or else the number of a class; never the place in a sorted list of names.
  package func meaning(of text: String) -> Meaning {
    if let number = numbers[ExactString(text)] { return number.map { .number($0) } ?? .ambiguous }
    guard !text.isEmpty, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = Int(text),
      number < count
    else { return .unknown }
    return .number(number)
  }

  /// The number of the class that a text names.
  ///
  /// - Throws: ``EvaluationFailure`` about `file` if it names none, or several.
  func number(of text: String, in file: String) throws(EvaluationFailure) -> Int {
    switch meaning(of: text) {
    case .number(let number): return number
    case .ambiguous:
      throw EvaluationFailure(
        file, "several classes have the label '\(text)'", hint: "use the number of the class")
    case .unknown:
      let labels = numbers.isEmpty ? "it has no labels" : "its labels are others"
      throw EvaluationFailure(
        file, "the network has no class '\(text)': it has classes 0…\(count - 1), and \(labels)",
        hint: "a class is a label of the network or its number, not its place in a sorted list of folders")
    }
  }
}
