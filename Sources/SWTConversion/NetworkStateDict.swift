package import PthReader
package import ResNetArchitecture
internal import SWTBytes
internal import SWTTensorFiles
internal import SWTTensors

/// The part of a checkpoint that is a network, mapped to its layer tree.
package struct NetworkStateDict: Sendable {
  /// The requested architecture.
  package typealias Request = StateDictReading.Request

  /// The layer tree, and everything else that names and shapes tell.
  package let reading: StateDictReading
  /// Weights that the file has as parts, and that were folded as PyTorch does.
  package let parametrizations: [Parametrization]
  /// Every tensor of the network in execution order, with torchvision's name.
  package let tensors: [(parameter: ParameterSpec, entry: TensorEntry)]
  /// Scales and zero points of outputs, if the layers are integers.
  package let quantized: QuantizedLayers?

  /// Whether the file has BatchNorm folded into its convolutions, and real numbers.
  let isFused: Bool

  /// The layer tree of the network.
  package var tree: LayerTree { reading.tree }
  /// Prefix and family of the chosen state dict.
  package var candidate: StateDictCandidate { reading.candidate }
  /// Names of the file's tensors that are not part of the network: optimizer state, averages, other models.
  package var unused: [String] { reading.unused + reading.leftOut.map(\.key) }

  /// Finds the network in a checkpoint and maps it to its layer tree.
  ///
  /// - Parameters:
  ///   - file: The open file.
  ///   - request: The requested architecture.
  ///   - key: The entry of a nested checkpoint, such as `state_dict` or `model_ema`.
  ///   - conventions: Conventions given by the user, which shapes cannot tell.
  ///   - official: The published file that this is, if any.
  ///   - head: Which linear layer is the classifier.
  ///   - golden: Conventions with which a golden passes.
  /// - Throws: ``ConversionFailure`` with the first real cause.
  package init(
    _ file: PthFile, _ request: Request, key: String?, conventions: Conventions = Conventions(),
    official: OfficialFile? = nil, head: HeadRequest = .auto,
    golden: StateDictReading.PassingGolden? = nil
  ) throws(ConversionFailure) {
    let effective = EffectiveStateDict(file)
    let quantized = QuantizedStateDict(effective.tensors)
    let fused = quantized == nil ? FusedStateDict(effective.tensors) : nil
    let isFolded = quantized != nil || fused != nil
    isFused = fused != nil
    let all = quantized?.tensors ?? fused?.tensors ?? effective.tensors
    func read(_ key: String?) throws(ReadingFailure) -> StateDictReading {
      try StateDictReading(
        all.map { ($0.name, $0.shape) }, request, key: key, options: conventions,
        official: official, head: head, evidence: FileEvidence(file.checkpoint), golden: golden,
        isFolded: isFolded, values: { name in file.smallValues(name) })
    }
    do throws(ReadingFailure) {
      reading = try read(key)
    } catch {
      // Of equal copies any is right.
      if let cause = quantized?.cause { throw .architecture(cause) }
      guard error.remedy == .someKey, key == nil, let copy = EqualCopies.first(all, file),
        let same = try? read(copy)
      else { throw ConversionFailure(.architecture, error.message, error.remedy, reading: error) }
      reading = same
    }
    var entries: [ExactString: TensorEntry] = [:]
    for entry in all {
      guard entries.updateValue(entry, forKey: ExactString(entry.name)) == nil else {
        throw .architecture("two tensors have the name \(entry.name)")
      }
    }
    var found: [String: TensorEntry] = [:]
    for (parameter, key) in reading.filled {
      guard let entry = entries[ExactString(key)] else { continue }
      guard parameter.isOptional || entry.scalarType.isFloatingPoint || quantized != nil else {
        throw .architecture(
          "\(entry.name) has \(entry.scalarType.rawValue) values, not floating-point numbers")
      }
      guard !entry.isMeta else {
        throw .architecture("\(entry.name) is a meta tensor: the file has no values")
      }
      found[parameter.name] = entry
    }
    for parameter in reading.synthesized {
      let norm = String(parameter.name[..<(parameter.name.lastIndex(of: ".") ?? parameter.name.endIndex)])
      found[parameter.name] = Self.statistics(parameter, epsilon: reading.tree.architecture.epsilon(of: norm))
    }
    tensors = reading.tree.parameters(isFolded: isFolded).compactMap { parameter in
      found[parameter.name].map { (parameter, $0) }
    }
    do {
      self.quantized = try quantized.map { [reading] in try QuantizedLayers(reading, $0, found, file) }
    } catch {
      throw ConversionFailure(error, input: file.path)
    }
    let used = Set(tensors.map(\.entry.name))
    parametrizations = effective.folded.filter { used.contains($0.name) }
  }

  /// The same tensors with another epsilon, which a conversion option may have set.
  func withEpsilon(_ epsilon: Double) -> NetworkStateDict {
    NetworkStateDict(
      reading: reading.withEpsilon(epsilon), parametrizations: parametrizations, tensors: tensors,
      quantized: quantized, isFused: isFused)
  }

  private init(
    reading: StateDictReading, parametrizations: [Parametrization],
    tensors: [(parameter: ParameterSpec, entry: TensorEntry)], quantized: QuantizedLayers?,
    isFused: Bool
  ) {
    (self.quantized, self.isFused) = (quantized, isFused)
    self.reading = reading
    self.parametrizations = parametrizations
    self.tensors = tensors
  }

  /// A running mean of 0 or a running variance of 1 − ε, in float32 like detectron2's.
  private static func statistics(_ parameter: ParameterSpec, epsilon: Double) -> TensorEntry? {
    guard let layout = try? StridedLayout(shape: parameter.shape, strides: nil) else { return nil }
    let value: Float = parameter.role == .runningMean ? 0 : 1 - Float(epsilon)
    let bytes = LittleEndian.bytes(Array(repeating: value.bitPattern, count: parameter.elementCount))
    return TensorEntry(
      name: parameter.name, path: [.key(parameter.name)], scalarType: .float32, layout: layout,
      storage: Storage(id: -1, byteCount: bytes.count, source: MemorySource(bytes), label: parameter.name))
  }
}

extension PthFile {
  /// Up to 16 floating-point values; nil for anything else.
  fileprivate func smallValues(_ name: String) -> [Double]? {
    guard let entry = self[name], entry.scalarType.isFloatingPoint, !entry.isMeta,
      entry.layout.elementCount <= 16
    else { return nil }
    return try? doubles(of: entry)
  }
}
