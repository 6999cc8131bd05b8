internal import ResNetArchitecture
internal import SWT
internal import SWTBytes
internal import SWTConversion
internal import SWTTensorFiles

/// What a weight file's metadata say was done to its tensors, and so which tensors may differ from their source.
///
/// Metadata describe the file as a whole. A tensor whose own record claims more (a flag, a receipt, another type
/// than that of its source) contradicts them.
struct StatedTransforms {
  private let isFolded: Bool
  private let precision: Precision?
  /// Tensors that folding changes or makes.
  private var foldable: Set<ExactString> = []
  /// Tensors that folding makes useless: parameters of BatchNorms.
  private var dropped: Set<ExactString> = []
  /// Tensors that a precision applies to.
  private var roundable: Set<ExactString> = []
  /// Tensors that were quantized in the source.
  private var quantizedInSource: Set<ExactString> = []

  init(_ file: SWTFile, _ tree: LayerTree) {
    isFolded = file.metadata("arch.bn") == .text("folded")
    if case .text(let name) = file.metadata("convert.precision") {
      precision = Precision(rawValue: name)
    } else {
      precision = nil
    }
    for unit in tree.convolutions {
      roundable.insert(ExactString("\(unit.name).weight"))
      guard isFolded else { continue }
      foldable.formUnion([ExactString("\(unit.name).weight"), ExactString("\(unit.name).bias")])
      for part in ["weight", "bias", "running_mean", "running_var"] {
        dropped.insert(ExactString("\(unit.normName).\(part)"))
      }
    }
    if let head = tree.head { roundable.insert(ExactString("\(head.name).weight")) }
    if case .json(let text) = file.metadata("tensors.encoding"),
      let encodings = try? JSONValue.parse(Array(text.utf8)).members
    {
      for member in encodings where member.value["quantizer"] != nil {
        quantizedInSource.insert(ExactString(member.key))
      }
    }
  }

  /// Whether the metadata allow the tensor to be missing although the source has it.
  func mayBeMissing(_ name: ExactString) -> Bool { dropped.contains(name) }

  /// Whether a tensor's record says that it was folded, cast or quantized, as the metadata allow.
  func isTransformed(_ info: TensorInfo, _ file: SWTFile) -> Bool {
    let operations = file.receipt(info.index)?.operations ?? []
    return !operations.isEmpty && operations.isSubset(of: allowed(ExactString(info.name)))
  }

  private func allowed(_ name: ExactString) -> SWTReceipt.Operations {
    var operations: SWTReceipt.Operations = []
    if foldable.contains(name) { operations.formUnion([.fold, .cast]) }
    if precision != nil, roundable.contains(name) { operations.insert(.cast) }
    if precision == .i8, roundable.contains(name) { operations.insert(.quantize) }
    return operations
  }

  /// What the records of the file claim although its metadata do not state it, in words.
  func contradictions(_ file: SWTFile) -> [(name: String, claim: String)] {
    var found: [(String, String)] = []
    let sources = Dictionary(
      file.sourceDigests.map { (ExactString($0.name), $0) }, uniquingKeysWith: { first, _ in first })
    for info in file.tensors where !info.name.hasPrefix(SWTFormat.goldenPrefix) {
      let name = ExactString(info.name)
      let operations = file.receipt(info.index)?.operations ?? []
      if info.isDerived, !foldable.contains(name) {
        found.append((info.name, "it is flagged as derived, although no BatchNorm is folded into it"))
      }
      if !operations.isSubset(of: allowed(name)) {
        found.append((info.name, "its receipt has operations that the metadata do not state"))
      }
      if let receipt = file.receipt(info.index), !operations.isEmpty,
        !ReceiptBound.accepts(receipt, info, file)
      {
        found.append((info.name, "its receipt states an error that its type cannot cause"))
      }
      if info.quantization != nil, !operations.contains(.quantize), !quantizedInSource.contains(name) {
        found.append((info.name, "it is quantized, although the metadata do not state it"))
      }
      guard !isTransformed(info, file), let source = sources[name] else { continue }
      if source.dtype != info.dtype || source.sha256 != RowMajorDigest.of(info, file) {
        found.append((info.name, "it is not changed, but its source has other values"))
      }
    }
    return found
  }
}
