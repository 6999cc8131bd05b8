internal import PthReader
internal import ResNetArchitecture
internal import SWT
internal import SWTBytes
internal import SWTTensors

/// The tensors of the output: their names, their order, and what is done to them.
struct ConversionPlan {
  /// Nil for a state dict without a layer tree.
  let network: NetworkStateDict?
  let tensors: [PlannedTensor]
  /// Every source tensor that the file is made from, in source order.
  let sources: [(name: String, entry: TensorEntry)]
  /// Names of source tensors that are not in the file.
  let unused: [String]
  /// Names of source tensors that folding makes useless.
  let dropped: [String]
  /// Whether the checkpoint is a single tensor, which has no name.
  let isBareTensor: Bool

  /// - Throws: ``ConversionFailure`` if the tensors do not fit the architecture or cannot be folded.
  init(
    _ file: PthFile, _ request: NetworkStateDict.Request?, _ options: ConversionOptions,
    official: OfficialFile? = nil, golden: StateDictReading.PassingGolden? = nil
  ) throws {
    guard let request else {
      try self.init(anyIn: file.checkpoint, options)
      return
    }
    let network = try NetworkStateDict(
      file, request, key: options.key, conventions: options.conventions, official: official,
      head: options.head, golden: golden)
    try self.init(network, options, file)
  }

  /// Plans any state dict, without a layer tree.
  private init(anyIn checkpoint: Checkpoint, _ options: ConversionOptions) throws(ConversionFailure) {
    guard !options.foldsBatchNorm else {
      throw .architecture(
        "folding requires a known architecture, which tells which BatchNorm follows which convolution",
        .say("a state dict without a layer tree cannot be folded"))
    }
    network = nil
    (sources, unused) = try Self.anyStateDict(checkpoint, options)
    tensors = sources.map { Self.planned($0.name, $0.entry, options) }
    dropped = []
    isBareTensor = checkpoint.tensors.count == 1 && checkpoint.tensors[0].path.isEmpty
  }

  /// - Throws: ``ConversionFailure`` if a BatchNorm cannot be folded.
  init(_ network: NetworkStateDict, _ options: ConversionOptions, _ file: PthFile) throws {
    self.network = network
    isBareTensor = false
    unused = network.unused
    if let quantized = network.quantized {
      (tensors, sources, dropped) = try Self.quantized(network, quantized, options)
      return
    }
    sources = network.tensors.map { ($0.parameter.name, $0.entry) }
    if options.foldsBatchNorm, !network.isFused {
      (tensors, dropped) = try Self.folded(network, options, file)
    } else {
      tensors = network.tensors.map { parameter, entry in
        Self.planned(parameter, entry, fold: nil, network.tree, options)
      }
      dropped = []
    }
  }

  /// Checks that all layers named by the caller exist.
  ///
  /// - Throws: ``ConversionFailure`` of kind `options`, with the nearest name.
  func requireLayers(_ wide: WideLayers) throws(ConversionFailure) {
    guard case .named(let names) = wide else { return }
    let layers = tensors.compactMap { tensor in
      if case .filters = tensor.recipe { tensor.name } else { nil }
    }
    let short = layers.map { $0.hasSuffix(".weight") ? String($0.dropLast(7)) : $0 }
    for name in names where !layers.contains(name) && !short.contains(name) {
      let nearest = EditDistance.nearest(to: name, in: short)
      throw .options(
        "there is no layer '\(name)' to keep wide",
        nearest.map { .say("did you mean \($0)?") } ?? .names(short))
    }
  }

  // MARK: A network

  private static func planned(
    _ parameter: ParameterSpec, _ entry: TensorEntry, fold: BatchNormFold?, _ tree: LayerTree,
    _ options: ConversionOptions
  ) -> PlannedTensor {
    let role: SWTRole = parameter.isTrainable ? .parameter : .buffer
    guard [.convolution, .linearWeight].contains(parameter.role), fold != nil || options.precision != nil
    else {
      return PlannedTensor(name: parameter.name, role: role, recipe: .keep(entry))
    }
    let isSensitive = parameter.role == .linearWeight || parameter.name == "\(tree.stem.units[0].name).weight"
    return PlannedTensor(
      name: parameter.name, role: role,
      recipe: .filters(
        entry, fold: fold, precision: options.precision,
        width: options.wideLayers.width(of: parameter.name, isSensitive: isSensitive)))
  }

  /// Each convolution with its BatchNorm folded in, then its bias; then the classifier.
  private static func folded(
    _ network: NetworkStateDict, _ options: ConversionOptions, _ file: PthFile
  ) throws -> (tensors: [PlannedTensor], dropped: [String]) {
    let entries = Dictionary(
      network.tensors.map { ($0.parameter.name, $0.entry) }, uniquingKeysWith: { first, _ in first })
    let units = Dictionary(
      network.tree.convolutions.map { ("\($0.name).weight", $0) }, uniquingKeysWith: { first, _ in first })
    var tensors: [PlannedTensor] = []
    var dropped: [String] = []
    for (parameter, entry) in network.tensors {
      switch parameter.role {
      case .convolution:
        guard let unit = units[parameter.name], let normBias = entries["\(unit.normName).bias"] else {
          continue
        }
        let fold = try BatchNormFold(of: unit, entries, file)
        tensors.append(planned(parameter, entry, fold: fold, network.tree, options))
        tensors.append(
          PlannedTensor(name: "\(unit.name).bias", role: .parameter, recipe: .bias(fold, like: normBias)))
      case .batchCount: dropped.append(parameter.name)
      case .normWeight, .normBias, .runningMean, .runningVar: continue
      case .convolutionBias, .attentionWeight, .attentionBias, .linearWeight, .linearBias:
        tensors.append(planned(parameter, entry, fold: nil, network.tree, options))
      }
    }
    return (tensors, dropped)
  }

  // MARK: Any state dict

  /// Without a layer tree, floating-point tensors with two or more dimensions are assumed to be weights of
  /// layers.
  private static func planned(
    _ name: String, _ entry: TensorEntry, _ options: ConversionOptions
  ) -> PlannedTensor {
    if options.dequantizes, let numbers = Dequantization(entry) {
      return PlannedTensor(
        name: name, role: .parameter,
        recipe: .dequantized(
          entry, numbers, precision: options.precision,
          width: options.wideLayers.width(of: name, isSensitive: false)))
    }
    guard let precision = options.precision, entry.scalarType.isFloatingPoint, entry.shape.count >= 2 else {
      return PlannedTensor(name: name, role: .parameter, recipe: .keep(entry))
    }
    return PlannedTensor(
      name: name, role: .parameter,
      recipe: .filters(
        entry, fold: nil, precision: precision, width: options.wideLayers.width(of: name, isSensitive: false))
    )
  }

  /// Every tensor under its own name, in file order.
  private static func anyStateDict(
    _ checkpoint: Checkpoint, _ options: ConversionOptions
  ) throws(ConversionFailure) -> ([(name: String, entry: TensorEntry)], unused: [String]) {
    var tensors: [(String, TensorEntry)] = []
    var unused: [String] = []
    var names: Set<ExactString> = []
    for entry in checkpoint.tensors {
      var name = entry.path.isEmpty ? "tensor" : entry.name
      if let key = options.key {
        guard name.utf8.starts(with: "\(key).".utf8) else {
          unused.append(name)
          continue
        }
        name = String(decoding: name.utf8.dropFirst(key.utf8.count + 1), as: UTF8.self)
      }
      // A meta tensor is already in the list of skipped tensors.
      guard !entry.isMeta else { continue }
      guard names.insert(ExactString(name)).inserted else {
        throw .architecture(
          "two tensors would have the name \(name)", .someKey)
      }
      guard SWTFormat.isName(name) else {
        let shown = String(name.unicodeScalars.flatMap { $0.escaped(asASCII: false) }.prefix(80))
        throw .architecture(
          "a tensor has the name '\(shown)'; names in .swt have 1 to 4095 bytes without control characters",
          .someKey)
      }
      guard entry.shape.count <= 6, entry.shape.allSatisfy({ $0 <= Int(UInt32.max) }) else {
        throw .architecture(
          "\(name) has shape \(entry.shape); .swt supports up to 6 dimensions below 2^32")
      }
      tensors.append((name, entry))
    }
    guard !tensors.isEmpty else {
      throw .architecture(
        options.key.map { "there are no tensors under the key '\($0)'" } ?? "the file has no tensors")
    }
    return (tensors, unused)
  }
}
