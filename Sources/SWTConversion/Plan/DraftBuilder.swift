internal import PthReader
internal import ResNetArchitecture
internal import SWT
internal import SWTBytes
internal import SWTChecksums
internal import SWTDigests
internal import SWTTensors

/// Carries out a plan as far as possible without reading values: names, types, shapes and transforms.
///
/// Values are read here only if the error of a layer decides its type.
struct DraftBuilder {
  private let file: PthFile
  private var draft = Draft()
  /// Indices of the source's tensors, by name.
  private let places: [ExactString: Int]
  /// Names that are already used.
  private let names: Set<ExactString>

  /// Lays out the tensors of a plan.
  ///
  /// - Parameters:
  ///   - plan: What is done with each tensor.
  ///   - hashesSources: Whether the file records the digests of the plan's sources.
  ///   - file: Reads the values.
  /// - Returns: The tensors of the plan and quantization records; without metadata, digests, and errors in
  ///   receipts.
  /// - Throws: ``ConversionFailure`` if a value cannot be stored; ``ParseFailure`` if one cannot be read.
  static func build(_ plan: ConversionPlan, hashesSources: Bool, _ file: PthFile) throws -> Draft {
    let sources = hashesSources ? plan.sources : []
    var builder = DraftBuilder(
      file: file,
      places: Dictionary(
        sources.enumerated().map { (ExactString($1.name), $0) }, uniquingKeysWith: { first, _ in first }),
      names: Set(plan.tensors.map { ExactString($0.name) }))
    builder.draft.sources = sources.map(\.entry)
    builder.draft.contents.sources = sources.map { name, entry in
      SWTSourceDigest(name: name, dtype: SWTDType(entry.scalarType), sha256: .zero)
    }
    builder.draft.reserve(plan.tensors.count)
    for tensor in plan.tensors { try builder.add(tensor) }
    return builder.draft
  }

  private init(file: PthFile, places: [ExactString: Int], names: Set<ExactString>) {
    self.file = file
    self.places = places
    self.names = names
  }

  private mutating func add(_ tensor: PlannedTensor) throws {
    switch tensor.recipe {
    case .keep(let entry): keep(tensor, entry)
    case .quantized(let entry, let input): try keepQuantized(tensor, entry, input)
    case .dequantized(let entry, let numbers, let precision, let width):
      var transform = WeightTransform(
        entry: entry, factors: nil, target: .float(precision?.dtype ?? .f32), dequantization: numbers)
      if precision == .i8 {
        let integers = WeightTransform(
          entry: entry, factors: nil, target: .integers, dequantization: numbers)
        if try isWide(integers, width) {
          draft.wideLayers.append(tensor.name)
          transform = WeightTransform(
            entry: entry, factors: nil, target: .float(.f16), dequantization: numbers)
        } else {
          transform = integers
        }
      }
      add(tensor, transform)
    case .bias(let fold, let like): try add(tensor, fold, like)
    case .filters(let entry, let fold, let precision, let width):
      let type = SWTDType(entry.scalarType)
      let own = type.isTransformable ? type : .f32
      guard precision == .i8 else {
        let target = precision?.dtype ?? own
        guard fold != nil || target != type else { return keep(tensor, entry) }
        return add(tensor, WeightTransform(entry: entry, factors: fold?.factors, target: .float(target)))
      }
      let integers = WeightTransform(entry: entry, factors: fold?.factors, target: .integers)
      guard try isWide(integers, width) else { return add(tensor, integers) }
      draft.wideLayers.append(tensor.name)
      let wide: SWTDType = type == .bf16 ? .bf16 : .f16
      guard fold != nil || wide != type else { return keep(tensor, entry) }
      add(tensor, WeightTransform(entry: entry, factors: fold?.factors, target: .float(wide)))
    }
  }

  /// Whether a layer stays in 16 bits.
  private func isWide(_ integers: WeightTransform, _ width: PlannedTensor.Width) throws -> Bool {
    switch width {
    case .narrow: return false
    case .wide: return true
    case .measured:
      do {
        let outcome = try integers.run(file, source: { _ in }, stored: { _ in })
        return outcome.error.relL2 > WideLayers.threshold
      } catch let failure as ConversionFailure {
        // Damage can cause values that cannot be stored; report the damage instead.
        try file.requireChecksum(of: integers.entry)
        throw failure
      }
    }
  }

  private mutating func keep(_ tensor: PlannedTensor, _ entry: TensorEntry) {
    let (dtype, shape) = PlannedTensor.form(of: entry)
    var spec = SWTTensorSpec(name: tensor.name, dtype: dtype, shape: shape, role: tensor.role)
    // PyTorch's quantized tensors are stored with scales and zero points if those names are free.
    let (scaleName, zeroName) = ("\(tensor.name).scale", "\(tensor.name).zero_point")
    guard let quantizer = StoredQuantizer(entry),
      names.isDisjoint(with: [ExactString(scaleName), ExactString(zeroName)]),
      SWTFormat.isName(zeroName)
    else {
      draft.append(spec, .entry(entry), source: places[ExactString(tensor.name)])
      return
    }
    let place = draft.contents.tensors.count
    spec.quantization = draft.contents.quantizations.count
    draft.append(spec, .entry(entry), source: places[ExactString(tensor.name)])
    draft.contents.quantizations.append(
      SWTQuantization(
        scheme: quantizer.scheme, axis: quantizer.axis, bits: quantizer.bits,
        isSymmetric: quantizer.zeros == nil,
        scaleTensor: place + 1, zeroTensor: quantizer.zeros == nil ? nil : place + 2))
    let count = quantizer.scales.count
    append(scaleName, .f64, count, LittleEndian.bytes(quantizer.scales.map(\.bitPattern)), .scale)
    if let zeros = quantizer.zeros { append(zeroName, zeros.dtype, count, zeros.bytes, .zeroPoint) }
  }

  /// Adds the integers of a quantized layer, whose record refers to the scale and zero point of its input.
  private mutating func keepQuantized(_ tensor: PlannedTensor, _ entry: TensorEntry, _ input: String) throws {
    keep(tensor, entry)
    func place(_ name: String) -> Int? {
      draft.contents.tensors.lastIndex { $0.name == name }
    }
    guard let last = draft.contents.quantizations.indices.last, let scale = place("\(input).scale"),
      let zeroPoint = place("\(input).zero_point")
    else {
      throw ConversionFailure.architecture("the quantization of \(tensor.name) cannot be stored")
    }
    draft.contents.quantizations[last].activationScaleTensor = scale
    draft.contents.quantizations[last].activationZeroTensor = zeroPoint
  }

  /// Adds a small tensor of rank 1.
  private mutating func append(
    _ name: String, _ dtype: SWTDType, _ count: Int, _ bytes: [UInt8], _ role: SWTRole
  ) {
    draft.append(SWTTensorSpec(name: name, dtype: dtype, shape: [count], role: role), bytes)
  }

  /// Adds the weights of a layer; quantized weights are followed by their scales.
  private mutating func add(_ tensor: PlannedTensor, _ transform: WeightTransform) {
    let source = SWTDType(transform.entry.scalarType)
    var spec = SWTTensorSpec(
      name: tensor.name, dtype: transform.dtype, shape: transform.entry.shape, role: tensor.role,
      isDerived: transform.factors != nil)
    let place = draft.contents.tensors.count
    if case .integers = transform.target { spec.quantization = draft.contents.quantizations.count }
    draft.append(
      spec, .transform(transform), RoundingError().receipt(from: source, transform.operations),
      source: places[ExactString(tensor.name)])
    guard case .integers = transform.target else { return }
    draft.contents.quantizations.append(
      SWTQuantization(
        scheme: .perChannel, axis: 0, isSymmetric: true, scaleTensor: place + 1, sourceDType: source))
    draft.append(
      SWTTensorSpec(
        name: "\(tensor.name).scale", dtype: .f32, shape: [transform.filterCount], role: .scale), .scales)
  }

  private mutating func add(_ tensor: PlannedTensor, _ fold: BatchNormFold, _ like: TensorEntry) throws {
    let source = SWTDType(like.scalarType)
    let target = source.isTransformable ? source : .f32
    let stored = WindowBuffer(capacity: fold.bias.count * target.bitWidth / 8)
    var error = RoundingError()
    if let channel = NumberBlock(fold.bias).round(to: target, stored, &error) {
      throw ConversionFailure.architecture(
        "\(tensor.name) is \(fold.bias[channel]) in channel \(channel), out of the range of \(target.name)",
        .withoutFolding)
    }
    let operations: SWTReceipt.Operations = target == source ? .fold : [.fold, .cast]
    draft.append(
      SWTTensorSpec(
        name: tensor.name, dtype: target, shape: [fold.bias.count], role: tensor.role, isDerived: true),
      unsafe stored.bytes.withUnsafeBytes { unsafe Array($0) }, error.receipt(from: source, operations))
  }
}
