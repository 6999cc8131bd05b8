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
    let byName = Dictionary(
      tensors.map { (ExactString($0.name), $0) }, uniquingKeysWith: { first, _ in first })
    var effective: [ExactString: TensorEntry] = [:]
    var consumed: Set<ExactString> = []
    for candidate in candidates {
      var parts = candidate.parts.compactMap { byName[$0] }
      if candidate.kind == .torchao, let zeroPoint = byName[candidate.name + ".zero_point"] {
        parts.append(zeroPoint)
      }
      let stated = file.checkpoint.subclassTypes[candidate.name]
      guard let weight = EffectiveWeight(candidate, parts, stated: stated), let entry = weight.entry(file)
      else {
        continue
      }
      var receipt = candidate
      receipt.isExact = weight.isExact
      folded.append(receipt)
      effective[candidate.parts[0]] = entry
      consumed.formUnion(parts.map(\.name))
    }
    tensors = tensors.compactMap { effective[$0.name] ?? (consumed.contains($0.name) ? nil : $0) }
  }

  /// `layer1._orig_mod.0.conv1.weight` is `layer1.0.conv1.weight`, where only parts of the module were compiled.
  ///
  /// A module that was compiled as a whole has the component in its prefix, where it is left.
  private static func withoutCompiledParts(_ tensors: [TensorEntry]) -> [TensorEntry] {
    let compiled = tensors.filter { hasMarker($0.name) }
    guard !compiled.isEmpty else { return tensors }
    // Sorted, because a file may have a hundred thousand compiled modules, and each is looked up.
    let names = tensors.map { ExactString($0.name) }.sorted()
    func count(under prefix: Substring) -> Int {
      func place(_ end: String) -> Int {
        var (low, high) = (0, names.count)
        while low < high {
          let middle = (low + high) / 2
          if names[middle] < ExactString(end) { low = middle + 1 } else { high = middle }
        }
        return low
      }
      // `/` follows the dot at the end of the prefix.
      return prefix.isEmpty ? names.count : place(String(prefix.dropLast()) + "/") - place(String(prefix))
    }
    let isRegional = compiled.contains { tensor in
      guard let range = tensor.name.firstRange(of: marker) else { return false }
      let module = tensor.name[..<range.lowerBound]
      let parent = module.lastIndex(of: ".").map { module[...$0] } ?? ""
      return count(under: parent) > count(under: module + ".")
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

  private static let marker = "._orig_mod."

  /// Whether a name has the marker; most have not, and a file may have a hundred thousand.
  private static func hasMarker(_ name: String) -> Bool {
    let found = unsafe name.utf8.withContiguousStorageIfAvailable { bytes in
      var index = 0
      while index + marker.utf8.count <= bytes.count {
        if unsafe bytes[index] == UInt8(ascii: "."), unsafe bytes[index + 1] == UInt8(ascii: "_"),
          unsafe bytes[index..<index + marker.utf8.count].elementsEqual(marker.utf8)
        {
          return true
        }
        index += 1
      }
      return false
    }
    return found ?? name.contains(marker)
  }
}
