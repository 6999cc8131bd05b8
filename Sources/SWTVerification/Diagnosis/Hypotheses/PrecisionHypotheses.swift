internal import ResNetArchitecture
internal import ResNetEngine
internal import SWTTensors

/// The reference's weights were rounded to fewer bits.
enum PrecisionHypotheses {
  static let all: [Hypothesis] = [
    rounded("f16", "float16") { HalfPrecision.float(half: HalfPrecision.half($0)) },
    rounded("bf16", "bfloat16") { HalfPrecision.float(bfloat: HalfPrecision.bfloat($0)) },
    rounded("tf32", "TF32 (10 bits)") { tensorFloat($0) },
  ].flatMap { $0 }

  /// Convolutions and the classifier, as kernels round them; or every tensor, as `model.half()` does.
  private static func rounded(
    _ id: String, _ name: String, _ round: @escaping @Sendable (Float) -> Float
  ) -> [Hypothesis] {
    [false, true].map { isAll in
      Hypothesis(id: "rounded-\(id)", side: .precision) { site in
        let change = WeightChange { ContiguousArray($0.map(round)) }
        var changes: [String: WeightChange] = [:]
        for parameter in site.tree.parameters(isFolded: site.isFolded) where parameter.role != .batchCount {
          if isAll || parameter.role == .convolution || parameter.role == .linearWeight {
            changes[parameter.name] = change
          }
        }
        return [
          .init(
            text: "\(isAll ? "all tensors" : "weights") rounded to \(name)", place: nil,
            change: WhatIf(weights: changes))
        ]
      }
    }
  }

  /// Rounds to nearest, ties to even, dropping the 13 bits that TF32 does not have.
  private static func tensorFloat(_ value: Float) -> Float {
    guard value.isFinite else { return value }
    let bits = value.bitPattern
    return Float(bitPattern: (bits &+ 0xFFF &+ (bits >> 13 & 1)) & ~0x1FFF)
  }
}
