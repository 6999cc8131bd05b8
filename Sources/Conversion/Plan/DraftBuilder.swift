internal import PthReader
internal import SWT
internal import SWTBytes
internal import SWTChecksums
internal import SWTDigests
internal import SWTTensors

/// The first pass over a source: follows a plan, measures and hashes what each tensor becomes.
///
/// The second pass writes. Both read the values in windows, so memory does not depend on their size.
struct DraftBuilder {
  private let file: String
  private let limits: ParseLimits
  private var draft = Draft()
  /// Digests of the source's tensors as they are, by name.
  private let digests: [String: SHA256Digest]
  /// Names that cannot be given to anything else.
  private let names: Set<String>

  /// - Returns: The tensors of the plan, with digests, receipts, quantisation records and the source's digests;
  ///   without metadata.
  /// - Throws: ``ConversionFailure`` when a value cannot be stored; ``ParseFailure`` when one cannot be read.
  static func build(
    _ plan: ConversionPlan, digests: [SHA256Digest], file: String, limits: ParseLimits
  ) throws -> Draft {
    let names = plan.sources.map(\.name)
    var builder = DraftBuilder(
      file: file, limits: limits, digests: Dictionary(zip(names, digests), uniquingKeysWith: { a, _ in a }),
      names: Set(plan.tensors.map(\.name)))
    for (source, digest) in zip(plan.sources, digests) {
      builder.draft.contents.sources.append(
        SWTSourceDigest(name: source.name, dtype: SWTDType(source.entry.scalarType), sha256: digest))
    }
    for tensor in plan.tensors { try builder.add(tensor) }
    builder.draft.dropEmptyReceipts()
    return builder.draft
  }

  private init(file: String, limits: ParseLimits, digests: [String: SHA256Digest], names: Set<String>) {
    self.file = file
    self.limits = limits
    self.digests = digests
    self.names = names
  }

  private mutating func add(_ tensor: PlannedTensor) throws {
    switch tensor.recipe {
    case .keep(let entry): keep(tensor, entry)
    case .bias(let fold, let like): try add(tensor, fold, like)
    case .filters(let entry, let fold, let precision, let width):
      let type = SWTDType(entry.scalarType)
      let own = type.isTransformable ? type : .f32
      guard precision == .i8 else {
        let target = precision?.dtype ?? own
        guard fold != nil || target != type else { return keep(tensor, entry) }
        return add(
          tensor, try measure(WeightTransform(entry: entry, factors: fold?.factors, target: .float(target))))
      }
      let integers = try measure(
        WeightTransform.quantizing(entry, factors: fold?.factors, file: file, limits: limits))
      // A receipt says whether a wider type pays.
      let pays = integers.error.relL2 > WideLayers.threshold
      guard width == .wide || width == .measured && pays else { return add(tensor, integers) }
      draft.wideLayers.append(tensor.name)
      let wide: SWTDType = type == .bf16 ? .bf16 : .f16
      guard fold != nil || wide != type else { return keep(tensor, entry) }
      add(tensor, try measure(WeightTransform(entry: entry, factors: fold?.factors, target: .float(wide))))
    }
  }

  /// A transform, what it loses, and the digest of what it makes.
  private struct Measured {
    let transform: WeightTransform
    var error = RoundingError()
    var digest = SHA256Digest.zero
  }

  private func measure(_ transform: WeightTransform) throws -> Measured {
    var measured = Measured(transform: transform)
    let digest = SystemDigests().makeSHA256()
    try transform.forEachWindow(file: file, limits: limits, error: &measured.error) { digest.update($0) }
    measured.digest = digest.finalize()
    return measured
  }

  private mutating func keep(_ tensor: PlannedTensor, _ entry: TensorEntry) {
    let (dtype, shape) = PlannedTensor.form(of: entry)
    var spec = SWTTensorSpec(
      name: tensor.name, dtype: dtype, shape: shape, role: tensor.role, sha256: digests[tensor.name])
    // PyTorch's own quantised tensors come with what makes numbers of them, where the names are free.
    let (scaleName, zeroName) = ("\(tensor.name).scale", "\(tensor.name).zero_point")
    guard let quantizer = StoredQuantizer(entry), names.isDisjoint(with: [scaleName, zeroName]),
      SWTFormat.isName(zeroName)
    else {
      draft.append(spec, .entry(entry))
      return
    }
    let place = draft.contents.tensors.count
    spec.quantization = draft.contents.quantizations.count
    draft.append(spec, .entry(entry))
    draft.contents.quantizations.append(
      SWTQuantization(
        scheme: quantizer.scheme, axis: quantizer.axis, bits: quantizer.bits,
        isSymmetric: quantizer.zeros == nil,
        scaleTensor: place + 1, zeroTensor: quantizer.zeros == nil ? nil : place + 2))
    let count = quantizer.scales.count
    append(scaleName, .f64, count, LittleEndian.bytes(quantizer.scales.map(\.bitPattern)), .scale)
    if let zeros = quantizer.zeros { append(zeroName, zeros.dtype, count, zeros.bytes, .zeroPoint) }
  }

  /// Adds a small tensor of rank 1.
  private mutating func append(
    _ name: String, _ dtype: SWTDType, _ count: Int, _ bytes: [UInt8], _ role: SWTRole
  ) {
    draft.append(SWTTensorSpec(name: name, dtype: dtype, shape: [count], role: role), bytes)
  }

  /// Adds a layer's weights; of quantised ones the scales too, right behind them.
  private mutating func add(_ tensor: PlannedTensor, _ measured: Measured) {
    let transform = measured.transform
    let source = SWTDType(transform.entry.scalarType)
    var spec = SWTTensorSpec(
      name: tensor.name, dtype: transform.dtype, shape: transform.entry.shape, role: tensor.role,
      isDerived: transform.factors != nil, sha256: measured.digest)
    let place = draft.contents.tensors.count
    if case .integers = transform.target { spec.quantization = draft.contents.quantizations.count }
    draft.append(spec, .transform(transform), measured.error.receipt(from: source, transform.operations))
    guard case .integers(let scales) = transform.target else { return }
    draft.contents.quantizations.append(
      SWTQuantization(
        scheme: .perChannel, axis: 0, isSymmetric: true, scaleTensor: place + 1, sourceDType: source))
    append("\(tensor.name).scale", .f32, scales.count, LittleEndian.bytes(scales.map(\.bitPattern)), .scale)
  }

  private mutating func add(_ tensor: PlannedTensor, _ fold: BatchNormFold, _ like: TensorEntry) throws {
    let source = SWTDType(like.scalarType)
    let rounded = Rounded(fold.bias, to: source.isTransformable ? source : .f32)
    if let channel = rounded.overflow {
      throw ConversionFailure.architecture(
        file: file,
        "\(tensor.name) is \(fold.bias[channel]) in channel \(channel), which \(rounded.dtype.name) cannot hold",
        hint: "convert without --fold-bn")
    }
    var error = RoundingError()
    for (exact, stored) in zip(fold.bias, rounded.values) { error.add(exact: exact, stored: stored) }
    let operations: SWTReceipt.Operations = rounded.dtype == source ? .fold : [.fold, .cast]
    draft.append(
      SWTTensorSpec(
        name: tensor.name, dtype: rounded.dtype, shape: [fold.bias.count], role: tensor.role, isDerived: true),
      rounded.bytes, error.receipt(from: source, operations))
  }
}
