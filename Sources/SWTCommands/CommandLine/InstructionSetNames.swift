internal import ResNetEngine

extension InstructionSet {
  /// The values of `--isa`.
  static var names: [String] { ["best"] + allCases.map(\.rawValue) }
}
