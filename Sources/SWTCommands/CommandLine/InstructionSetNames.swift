internal import ResNetEngine

extension InstructionSet {
  /// What `--isa` may be.
  static var names: [String] { ["best"] + (allCases + [amxEmulated]).map(\.rawValue) }
  static let help = "Instruction set of the kernels: best, portable, avx2, avx512, neon, amx."
}
