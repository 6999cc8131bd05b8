internal import SWT
internal import SWTBytes
internal import SWTChecksums

/// A weight file compared with what a conversion would write: every tensor with every field of its record, and
/// every other record that the conversion determines.
///
/// The plan decides what is compared. What the file states about a tensor (its type, a flag, an order of
/// dimensions, a digest of its source) is only ever a value to compare, so no statement can exempt a tensor.
/// Golden tests are left out: they do not come from the source.
struct ContentsComparison {
  /// Names of tensors that differ, with the parts of their records that do.
  private(set) var differing: [(name: String, aspects: [String])] = []
  /// Names of tensors that the file lacks.
  private(set) var missing: [String] = []
  /// Names of tensors that the conversion does not write.
  private(set) var extra: [String] = []
  /// Differences in other records.
  private(set) var records: [String] = []
  /// Number of tensors that both have.
  private(set) var compared = 0

  private let planned: SWTContents
  private let file: SWTFile
  /// Indices of the file's tensors without those of golden tests, in file order.
  private let fileTensors: [Int]

  /// - Parameters:
  ///   - planned: What the conversion writes, with all digests.
  ///   - file: The file.
  /// - Throws: ``SWTError`` if the planned contents violate a rule of the format.
  init(_ planned: SWTContents, with file: SWTFile) throws(SWTError) {
    self.planned = planned
    self.file = file
    fileTensors = file.tensors.filter { !$0.name.hasPrefix(SWTFormat.goldenPrefix) }.map(\.index)
    let aliases = try planned.aliases()
    var known: Set<ExactString> = []
    var order: [Int] = []
    for (index, spec) in planned.tensors.enumerated() where !spec.name.hasPrefix(SWTFormat.goldenPrefix) {
      known.insert(ExactString(spec.name))
      guard let place = file.index(of: spec.name) else {
        missing.append(spec.name)
        continue
      }
      compared += 1
      order.append(place)
      let aspects = aspects(of: index, aliases[index], file.info(place))
      if !aspects.isEmpty { differing.append((spec.name, aspects)) }
    }
    extra = fileTensors.map { file.info($0).name }.filter { !known.contains(ExactString($0)) }
    if order != order.sorted() { records.append("the order of the tensors") }
    compareSections()
    compareSources()
  }

  // MARK: Tensors

  /// The parts of a tensor's record that are not as planned.
  private func aspects(of index: Int, _ alias: Int?, _ info: TensorInfo) -> [String] {
    let spec = planned.tensors[index]
    var aspects: [String] = []
    func compare(_ what: String, _ isEqual: Bool) { if !isEqual { aspects.append(what) } }
    compare("type", info.dtype == spec.dtype)
    compare("shape", info.shape == spec.shape)
    compare("order of dimensions", info.dimOrder == spec.dimOrder ?? Array(spec.shape.indices))
    compare("values", spec.sha256 != nil && file.digest(info.index) == spec.sha256)
    compare("role", info.role == spec.role)
    compare("flag for derived values", info.isDerived == spec.isDerived)
    compare("flags", info.flags & ~SWTFormat.knownFlags == 0)
    compare("quantization", hasPlannedQuantization(spec, info))
    compare("alias", isSame(alias, info.aliasOf))
    compare("receipt", (file.receipt(info.index) ?? .untouched) == receipt(index))
    return aspects
  }

  private func receipt(_ index: Int) -> SWTReceipt {
    planned.receipts.indices.contains(index) ? planned.receipts[index] : .untouched
  }

  private func hasPlannedQuantization(_ spec: SWTTensorSpec, _ info: TensorInfo) -> Bool {
    guard let expected = spec.quantization, let actual = info.quantization else {
      return spec.quantization == nil && info.quantization == nil
    }
    return isSame(planned.quantizations[expected], file.quantization(actual))
      && file.quantizationFlags(actual) == (file.quantization(actual).isSymmetric ? 1 : 0)
  }

  private func isSame(_ expected: SWTQuantization, _ actual: SWTQuantization) -> Bool {
    // Their indices refer to different lists.
    var moved = actual
    moved.scaleTensor = expected.scaleTensor
    moved.zeroTensor = expected.zeroTensor
    moved.activationScaleTensor = expected.activationScaleTensor
    moved.activationZeroTensor = expected.activationZeroTensor
    return moved == expected && isSame(expected.scaleTensor, actual.scaleTensor)
      && isSame(expected.zeroTensor, actual.zeroTensor)
      && isSame(expected.activationScaleTensor, actual.activationScaleTensor)
      && isSame(expected.activationZeroTensor, actual.activationZeroTensor)
  }

  /// Whether an index in the plan and one in the file are of tensors with the same name.
  private func isSame(_ expected: Int?, _ actual: Int?) -> Bool {
    guard let expected, let actual else { return expected == nil && actual == nil }
    return ExactString(planned.tensors[expected].name) == ExactString(file.info(actual).name)
  }

  // MARK: Other records

  private mutating func compareSections() {
    let kinds = file.sections.map(\.kind)
    let planned = [
      "QNTZ": !planned.quantizations.isEmpty, "SRCD": !planned.sources.isEmpty,
      "ERRS": !planned.receipts.isEmpty,
      "DGST": true, "META": true,
    ]
    for (kind, isPlanned) in planned.sorted(by: { $0.key < $1.key }) where kinds.contains(kind) != isPlanned {
      records.append(
        isPlanned ? "section \(kind), which is missing" : "section \(kind), which is not planned")
    }
    let common = ["TENS", "BYNM", "STRS", "GSET", "GOLD"]
    for kind in kinds where planned[kind] == nil && !common.contains(kind) {
      records.append("section \(kind), which is unknown")
    }
    if file.versionMinor != Int(SWTFormat.versionMinor) {
      records.append("the format's version, 1.\(file.versionMinor)")
    }
    if file.quantizationCount != self.planned.quantizations.count {
      records.append("the number of quantization records")
    }
  }

  private mutating func compareSources() {
    let (expected, actual) = (planned.sources.ordered, file.sourceDigests)
    guard expected.count == actual.count else {
      if !actual.isEmpty { records.append("the number of digests of source tensors") }
      return
    }
    for (a, b) in zip(expected, actual)
    where ExactString(a.name) != ExactString(b.name) || a.dtype != b.dtype || a.sha256 != b.sha256 {
      records.append("the digest of source tensor \(b.name)")
    }
  }
}
