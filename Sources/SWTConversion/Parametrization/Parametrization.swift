/// A weight that is stored as the parts that PyTorch computes it from.
package struct Parametrization: Equatable, Sendable {
  /// How the weight is computed.
  package enum Kind: String, Sendable {
    /// `g · v / ‖v‖`, the norm over everything except one dimension, or over everything.
    case weightNorm = "weight_norm"
    /// The weight divided by its largest singular value, `u · (W v)`.
    case spectralNorm = "spectral_norm"
    /// The weight times a mask of zeros and ones.
    case pruning
    /// torchao's integers or float8 numbers times a scale per block.
    case torchao
  }

  /// Name of the weight.
  package let name: String
  package let kind: Kind
  /// Names of its parts in the file, in the order of ``Kind``'s formula.
  package let parts: [String]
  /// Whether the values are PyTorch's to the last bit.
  ///
  /// They are not after a matrix product of spectral norm or a norm of weight norm whose order of additions is
  /// unknown: sums are computed in double precision here.
  package internal(set) var isExact = true

  /// Finds the parametrized weights among the names of a file.
  ///
  /// Sources: torch/nn/utils/parametrizations.py and parametrize.py; the older hooks weight_norm.py,
  /// spectral_norm.py and prune.py; torchao/quantization/quantize_/workflows.
  ///
  /// - Parameters:
  ///   - names: All names of the file.
  ///   - hasTorchao: Whether the file names tensor classes of torchao.
  /// - Returns: One per weight, in the order of the names.
  static func find(in names: [String], hasTorchao: Bool) -> [Parametrization] {
    let candidates = names.compactMap { candidate($0, hasTorchao: hasTorchao) }
    guard !candidates.isEmpty else { return [] }
    let known = Set(names)
    return candidates.filter { !known.contains($0.name) && $0.parts.allSatisfy(known.contains) }
  }

  /// What the name of a first part promises.
  private static func candidate(_ name: String, hasTorchao: Bool) -> Parametrization? {
    func parts(_ front: Substring, _ endings: [String]) -> [String] { endings.map { front + $0 } }
    if let front = name.without(".original0") {
      guard let weight = plainName(front) else { return nil }
      return Parametrization(
        name: weight, kind: .weightNorm, parts: parts(front, [".original0", ".original1"]))
    }
    if let front = name.without(".original") {
      guard let weight = plainName(front) else { return nil }
      return Parametrization(
        name: weight, kind: .spectralNorm, parts: parts(front, [".original", ".0._u", ".0._v"]))
    }
    if let front = name.without("weight_g") {
      return Parametrization(
        name: front + "weight", kind: .weightNorm, parts: parts(front, ["weight_g", "weight_v"]))
    }
    if let front = name.without("weight_u") {
      return Parametrization(
        name: front + "weight", kind: .spectralNorm,
        parts: parts(front, ["weight_orig", "weight_u", "weight_v"]))
    }
    if let front = name.without("_mask") {
      return Parametrization(name: String(front), kind: .pruning, parts: parts(front, ["_orig", "_mask"]))
    }
    if hasTorchao, let front = name.without(".qdata") {
      return Parametrization(name: String(front), kind: .torchao, parts: parts(front, [".qdata", ".scale"]))
    }
    return nil
  }

  /// `conv1.weight` of `conv1.parametrizations.weight`.
  private static func plainName(_ name: Substring) -> String? {
    let words = name.split(separator: ".", omittingEmptySubsequences: false)
    guard words.count >= 2, words[words.count - 2] == "parametrizations" else { return nil }
    return (words.dropLast(2) + words.suffix(1)).joined(separator: ".")
  }
}

extension String {
  fileprivate func without(_ ending: String) -> Substring? {
    hasSuffix(ending) ? dropLast(ending.count) : nil
  }
}
