internal import ResNetEngine

extension InstructionSet {
  /// What `--isa` may be.
  static var names: [String] { ["best"] + allCases.map(\.rawValue) }
}
