/// A picture and the class that it should be given.
package struct LabeledPicture: Equatable, Sendable {
  /// The path, as given or found.
  package let path: String
  /// The number of the class, from 0.
  package let label: Int

  package init(path: String, label: Int) { (self.path, self.label) = (path, label) }
}

/// Why pictures cannot be evaluated.
package struct EvaluationFailure: Error, Equatable, Sendable {
  /// The file or folder.
  package let file: String
  package let message: String
  package let hint: String?
  /// Whether the network's output is at fault and not an input.
  package var isWrongOutput = false

  package init(_ file: String, _ message: String, hint: String? = nil, isWrongOutput: Bool = false) {
    (self.file, self.message, self.hint, self.isWrongOutput) = (file, message, hint, isWrongOutput)
  }
}
