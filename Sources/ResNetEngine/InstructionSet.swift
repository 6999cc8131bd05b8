internal import CKernels

/// The instructions that the fast engine's kernels use; explicit, so that a caller can compare them.
public enum InstructionSet: String, CaseIterable, Sendable {
  /// Plain C; the specification of all others. Rounds each multiply-add twice, the others once.
  case portable
  /// AVX2 with FMA.
  case avx2
  /// AVX-512 F, VL, BW and DQ.
  case avx512
  /// AArch64 Advanced SIMD.
  case neon

  /// True when this build and this processor can run it.
  public var isSupported: Bool { p2s_isa_supported(kernelValue) != 0 }

  /// Whose form computes that precision when this is asked for: itself, or else a lesser one.
  public func form(of precision: ComputePrecision) -> InstructionSet {
    guard let number = precision.number, p2s_isa_reduces(kernelValue, number) == 0 else { return self }
    return self == .avx512 ? .avx2 : .portable
  }

  /// The fastest that is supported here.
  public static var best: InstructionSet {
    allCases.last { $0.isSupported } ?? .portable
  }

  var kernelValue: p2s_isa {
    switch self {
    case .portable: .P2S_ISA_PORTABLE
    case .avx2: .P2S_ISA_AVX2
    case .avx512: .P2S_ISA_AVX512
    case .neon: .P2S_ISA_NEON
    }
  }
}
