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
  /// AMX, with the AVX-512 that such processors have. Layers that products of tiles compute faster, float32
  /// too, have other roundings than with the sets above; quantized networks have the same integers.
  case amx
  /// What ``amx`` computes, bit for bit, in software and on any processor: to test and to judge it where it
  /// is not. Slow.
  case amxEmulated = "amx-emulated"

  /// Those that are instructions of a processor.
  public static let allCases: [InstructionSet] = [.portable, .avx2, .avx512, .neon, .amx]

  /// Whether this build and this processor can run it.
  ///
  /// The first use of this for ``amx``, or of ``best``, asks the system for the use of AMX's tiles, for all
  /// threads of the process. Linux refuses if a thread has a signal stack below 12 KiB, and refuses such
  /// stacks afterwards. A program that cannot accept that names another set: then nothing is asked.
  public var isSupported: Bool {
    switch self {
    case .amxEmulated: true
    case .amx: Self.amxState == .usable
    case .portable, .avx2, .avx512, .neon: p2s_isa_supported(kernelValue) != 0
    }
  }

  /// What this machine says to ``amx``. Determined once: the system's answer may change while the process
  /// runs, and engines must agree.
  public static let amxState: AMXState =
    switch p2s_amx_state() {
    case .P2S_AMX_MISSING: .missing
    case .P2S_AMX_REFUSED: .refused
    case .P2S_AMX_DIFFERENT: .different
    case .P2S_AMX_USABLE: .usable
    }

  /// The fastest that is supported here.
  public static var best: InstructionSet {
    allCases.last { $0.isSupported } ?? .portable
  }

  /// Whether layers are computed by products of tiles.
  var multipliesTiles: Bool { self == .amx || self == .amxEmulated }

  var kernelValue: p2s_isa {
    switch self {
    case .portable: .P2S_ISA_PORTABLE
    case .avx2: .P2S_ISA_AVX2
    case .avx512: .P2S_ISA_AVX512
    case .neon: .P2S_ISA_NEON
    case .amx: .P2S_ISA_AMX
    // The other sets emulate the products.
    case .amxEmulated: Self.vectors.kernelValue
    }
  }

  /// The best without tiles.
  package static var vectors: InstructionSet {
    [.neon, .avx512, .avx2].first { p2s_isa_supported($0.kernelValue) != 0 } ?? .portable
  }
}

/// Whether AMX is used, or why not.
public enum AMXState: String, Sendable {
  /// The processor, the system or the build has none.
  case missing = "not available"
  /// The system does not permit it: its kernel is old, system calls are filtered, or a signal stack is too
  /// small.
  case refused = "refused by the system"
  /// A few small layers have other results than the emulation, so it is not used.
  case different = "not used: its results differ from the emulation's"
  /// It computes what the emulation computes.
  case usable = "used"
}

/// What multiplies the numbers of a precision.
public enum Arithmetic: String, Sendable {
  /// Multiply-adds of float32 vectors, of numbers that were rounded to the precision before.
  case float32 = "float32 multiply-adds"
  /// Dot products of two bfloat16 or four 8-bit integers in each lane of a vector.
  case dotProducts = "dot products"
  /// Products of tiles.
  case tiles
}

extension InstructionSet {
  /// What convolutions of that precision multiply with.
  ///
  /// Never with a dot product of bfloat16 that is slower than float32's multiply-adds: Intel's takes two
  /// cycles for as many products as those do in one.
  public func arithmetic(of precision: ComputePrecision) -> Arithmetic {
    if multipliesTiles { return .tiles }
    switch precision {
    case .f32: return .float32
    case .bf16: return p2s_isa_reduces(kernelValue, .P2S_BF16) != 0 ? .dotProducts : .float32
    case .i8: return .dotProducts
    }
  }

  /// Name of the set and, where it is not what one would expect, of the arithmetic.
  public func name(of precision: ComputePrecision) -> String {
    switch (precision, arithmetic(of: precision)) {
    case (.bf16, .float32): "\(rawValue), float32 multiply-adds"
    case (.i8, .dotProducts): p2s_isa_reduces(kernelValue, .P2S_I8) != 0 ? rawValue : lesser.rawValue
    default: rawValue
    }
  }

  /// Whose form of integer kernels runs where this set has none.
  private var lesser: InstructionSet { self == .avx512 ? .avx2 : .portable }

  /// Whether networks packed for one can run on the other.
  func sharesPacking(with other: InstructionSet, _ precision: ComputePrecision) -> Bool {
    multipliesTiles == other.multipliesTiles && arithmetic(of: precision) == other.arithmetic(of: precision)
  }
}
