internal import ResNetEngine

extension InstructionSet {
  /// The values of `--isa`.
  static var names: [String] { ["best"] + (allCases + [amxEmulated]).map(\.rawValue) }
  static let help = "Instruction set of the kernels: best, portable, avx2, avx512, neon, amx."
}
