internal import PthReader
internal import SWTBytes
internal import SWTTensors

/// The tensors of a file as a network computes with them: parametrized weights folded, and names as they were
/// before parts of the module were compiled.
struct EffectiveStateDict {
  private(set) var tensors: [TensorEntry]
  /// The weights that were folded.
  private(set) var folded: [Parametrization] = []

  /// Reads names, types and shapes; values are computed when they are read.
  init(_ file: PthFile) {
    tensors = Self.withoutCompiledParts(file.checkpoint.tensors)
    let hasTorchao = file.checkpoint.globals.contains { $0.name.module.hasPrefix("torchao.") }
    let candidates = Parametrization.find(in: tensors.map(\.name), hasTorchao: hasTorchao)
    guard !candidates.isEmpty else { return }
    let byName = Dictionary(tensors.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    var effective: [String: TensorEntry] = [:]
    var consumed: Set<String> = []
    for candidate in candidates {
      var parts = candidate.parts.compactMap { byName[$0] }
      if candidate.kind == .torchao, let zeroPoint = byName[candidate.name + ".zero_point"] {
        parts.append(zeroPoint)
      }
      guard let weight = EffectiveWeight(candidate, parts), let entry = weight.entry(file) else { continue }
      folded.append(candidate)
      effective[candidate.parts[0]] = entry
      consumed.formUnion(parts.map(\.name))
    }
    tensors = tensors.compactMap { effective[$0.name] ?? (consumed.contains($0.name) ? nil : $0) }
  }

  /// `layer1._orig_mod.0.conv1.weight` is `layer1.0.conv1.weight`, where only parts of the module were compiled.
  ///
  /// A module that was compiled as a whole has the component in its prefix, where it is left.
  private static func withoutCompiledParts(_ tensors: [TensorEntry]) -> [TensorEntry] {
    let marker = "._orig_mod."
    guard tensors.contains(where: { $0.name.contains(marker) }) else { return tensors }
    let names = tensors.map(\.name)
    let isRegional = names.contains { name in
      guard let range = name.firstRange(of: marker) else { return false }
      let module = name[..<range.lowerBound]
      let parent = module.lastIndex(of: ".").map { module[...$0] } ?? ""
      return names.contains { $0.hasPrefix(parent) && !$0.hasPrefix(module + ".") }
    }
    guard isRegional else { return tensors }
    var renamed = tensors
    for index in renamed.indices {
      while let range = renamed[index].name.firstRange(of: marker) {
        renamed[index].name.replaceSubrange(range, with: ".")
      }
    }
    return Set(renamed.map(\.name)).count == renamed.count ? renamed : tensors
  }
}
