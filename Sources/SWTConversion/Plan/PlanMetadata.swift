internal import PthReader
internal import ResNetArchitecture
internal import ResNetModel
internal import SWT
internal import SWTTensorFiles
internal import SWTTensors

// The metadata of a file.

extension ConversionPlan {
  /// The metadata of a file made from a checkpoint; the source's digest is not known yet.
  func metadata(_ options: ConversionOptions, _ checkpoint: Checkpoint) -> [String: SWTValue] {
    var values: [String: SWTValue] = [
      "swt.producer": .text("pth2swt"),
      "swt.producer_version": .text(Producer.version),
      SWTFormat.sourceDigestKey: .text(ConversionSource.unknownDigest),
      "source.bytes": .integer(Int64(checkpoint.byteCount)),
      "source.format": .text(checkpoint.container.rawValue),
      "license": .text("LicenseRef-unknown"),
    ]
    if let network {
      values.merge(SWTArchitecture.metadata(network.tree.architecture)) { _, new in new }
      values["arch.bn"] = .text("kept")
      values["source.family"] = .text(network.candidate.family)
      if !network.candidate.prefix.isEmpty { values["source.prefix"] = .text(network.candidate.prefix) }
      values.merge(network.reading.conventions.metadata) { _, new in new }
      let synthesized = network.reading.synthesized.map { JSONValue.string($0.name) }
      if !network.parametrizations.isEmpty {
        let members = network.parametrizations.map { weight in
          JSONMember(
            weight.name,
            ["kind": .string(weight.kind.rawValue), "parts": .array(weight.parts.map { .string($0) })])
        }
        values["source.parametrizations"] = .json(JSONValue.object(members).text())
      }
      if !synthesized.isEmpty { values["source.synthesized"] = .json(JSONValue.array(synthesized).text()) }
    }
    let encodings = sources.compactMap { name, entry in entry.note.map { JSONMember(name, $0) } }
    if !encodings.isEmpty { values["tensors.encoding"] = .json(JSONValue.object(encodings).text()) }
    if network == nil, !checkpoint.sparse.isEmpty {
      let prefix = options.key.map { $0 + "." } ?? ""
      let sparse = checkpoint.sparse.filter { $0.name.hasPrefix(prefix) }.map { tensor in
        JSONMember(String(tensor.name.dropFirst(prefix.count)), tensor.description.json)
      }
      values["tensors.sparse"] = .json(JSONValue.object(sparse).text())
    }
    if !checkpoint.metadata.isEmpty {
      // Keep the metadata of the safetensors file or index of shards.
      let pairs = checkpoint.metadata.map { JSONMember($0.key, .string($0.value)) }
      values["source.metadata"] = .json(JSONValue.object(pairs).text())
    }
    if isBareTensor { values["x.path"] = .text("") }
    addTransforms(options, to: &values)
    return values
  }

  /// Adds the transforms.
  func addTransforms(_ options: ConversionOptions, to values: inout [String: SWTValue]) {
    if let precision = options.precision { values["convert.precision"] = .text(precision.rawValue) }
    if network?.quantized != nil {
      values["arch.bn"] = .text("folded")
      values["arch.quantized"] = .bool(!options.dequantizes)
      if options.dequantizes {
        values["convert.precision"] = .text((options.precision ?? .f32).rawValue)
        values["convert.dequantized"] = .bool(true)
      }
      return
    }
    if options.dequantizes { values["convert.dequantized"] = .bool(true) }
    guard options.foldsBatchNorm || network?.isFused == true else { return }
    values["arch.bn"] = .text("folded")
    if !dropped.isEmpty {
      values["fold.dropped"] = .json(JSONValue.array(dropped.map { .string($0) }).text())
    }
  }
}

extension ConversionOptions {
  /// Adds what the user gave: license, labels, keys and values.
  ///
  /// - Throws: ``ConversionFailure`` if there is not one label per class.
  func addMetadata(
    to values: inout [String: SWTValue], _ architecture: ResNetArchitecture.Architecture?
  ) throws(ConversionFailure) {
    if let license { values["license"] = .text(license) }
    if let labels {
      if let architecture, labels.count != architecture.classCount {
        throw .architecture(
          "there are \(labels.count) labels for \(architecture.classCount.map(String.init) ?? "no") classes")
      }
      values["labels"] = .text(labels.joined(separator: "\n"))
    }
    for (key, value) in metadata { values[key] = value }
  }
}

extension TensorEntry {
  /// What data and type do not tell: the quantizer, and the shape and type of elements that share bytes.
  fileprivate var note: JSONValue? {
    guard quantizer != nil || PlannedTensor.form(of: self).dtype == .opaque else { return nil }
    var members: [JSONMember] = [
      JSONMember("dtype", .string(scalarType.rawValue)),
      JSONMember("shape", .array(shape.map { .int($0) })),
    ]
    if let quantizer { members.append(JSONMember("quantizer", quantizer.json)) }
    return .object(members)
  }
}

/// The name and version recorded in files.
public enum Producer {
  /// The version of the program and its libraries.
  public static let version = "0.1.0"
}
