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

  /// True when it is supported and has instructions of its own for that precision; else the portable form
  /// computes.
  public func accelerates(_ precision: ComputePrecision) -> Bool {
    precision.number.map { p2s_isa_reduces(kernelValue, $0) != 0 } ?? isSupported
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
