import CKernels

extension p2s_isa {
  /// What this machine can run.
  static var supported: [p2s_isa] {
    let all: [p2s_isa] = [.P2S_ISA_PORTABLE, .P2S_ISA_AVX2, .P2S_ISA_AVX512, .P2S_ISA_NEON]
    return all.filter { p2s_isa_supported($0) != 0 }
  }
  /// All of it that rounds a multiply-add once.
  static var fused: [p2s_isa] { supported.filter { $0 != .P2S_ISA_PORTABLE } }
}

/// Numbers in -1..<1 that depend on the seed alone (SplitMix64).
struct Numbers {
  var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> Float {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return Float((z ^ (z >> 31)) >> 40) / Float(1 << 23) - 1
  }

  mutating func floats(_ count: Int) -> [Float] { (0..<count).map { _ in next() } }
}

/// A value in double precision with the bound that the header promises for a kernel's result.
struct Exact {
  var value: Double
  var magnitude: Double
  var terms = 0

  init(_ start: Float) {
    value = Double(start)
    magnitude = abs(value)
  }

  mutating func add(_ a: Float, _ w: Float = 1) {
    let product = Double(a) * Double(w)
    value += product
    magnitude += abs(product)
    terms += 1
  }

  func allows(_ result: Float, relu: Bool) -> Bool {
    let expected = relu ? max(0, value) : value
    return abs(Double(result) - expected) <= Double(terms + 3) * 0x1p-23 * magnitude
  }
}

/// What the kernels must not touch is this, before and after.
let untouched: Float = 12345.5
