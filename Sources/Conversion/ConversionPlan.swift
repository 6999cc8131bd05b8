internal import PthReader
internal import SWT
internal import SWTBytes
internal import SWTResNet
internal import SWTTensorFiles
internal import SWTTensors

/// Which tensors go into the file, under which names, in which order.
struct ConversionPlan {
  struct Tensor {
    let name: String
    let dtype: SWTDType
    let role: SWTRole
    let entry: TensorEntry
    /// The tensor's shape; of types that the format has no name for, the number of bytes.
    var shape: [Int] { dtype == .opaque ? [entry.byteCount] : entry.shape }
  }

  /// `nil` for a state dict without a layer tree.
  let network: NetworkStateDict?
  let tensors: [Tensor]
  let unused: [String]
  /// Path of a checkpoint that is one bare tensor, which has no name of its own.
  private let isBareTensor: Bool

  init(
    _ checkpoint: Checkpoint, _ options: ConversionOptions, file: String
  ) throws(ConversionFailure) {
    switch options.architecture {
    case .none:
      network = nil
      (tensors, unused) = try Self.anyStateDict(checkpoint, options, file: file)
      isBareTensor = checkpoint.tensors.count == 1 && checkpoint.tensors[0].path.isEmpty
      return
    case .auto:
      network = try NetworkStateDict(checkpoint, .auto, key: options.key, file: file)
    case .named(let name):
      network = try NetworkStateDict(checkpoint, .named(name), key: options.key, file: file)
    }
    isBareTensor = false
    unused = network?.unused ?? []
    tensors = (network?.tensors ?? []).map { parameter, entry in
      Tensor(
        name: parameter.name, dtype: SWTDType(entry.scalarType),
        role: parameter.isTrainable ? .parameter : .buffer, entry: entry)
    }
  }

  /// Every tensor of the file under its own name, in the file's order.
  private static func anyStateDict(
    _ checkpoint: Checkpoint, _ options: ConversionOptions, file: String
  ) throws(ConversionFailure) -> ([Tensor], unused: [String]) {
    var tensors: [Tensor] = []
    var unused: [String] = []
    var names: Set<String> = []
    for entry in checkpoint.tensors {
      var name = entry.path.isEmpty ? "tensor" : entry.name
      if let key = options.key {
        guard name.hasPrefix(key + ".") else {
          unused.append(name)
          continue
        }
        name = String(name.dropFirst(key.count + 1))
      }
      // A meta tensor is in the list of what was skipped already.
      guard !entry.isMeta else { continue }
      guard names.insert(name).inserted else {
        throw .architecture(
          file: file, "two tensors would be called \(name)",
          hint: "choose a part of the file with --key")
      }
      guard SWTFormat.isName(name) else {
        let shown = String(name.unicodeScalars.flatMap { $0.escaped(asASCII: false) }.prefix(80))
        throw .architecture(
          file: file,
          "a tensor is called '\(shown)'; .swt holds names of 1 to 4095 bytes without control characters",
          hint: "choose a part of the file with --key")
      }
      guard entry.shape.count <= 6, entry.shape.allSatisfy({ $0 <= Int(UInt32.max) }) else {
        throw .architecture(
          file: file, "\(name) has shape \(entry.shape); .swt holds up to 6 dimensions below 2^32", hint: nil)
      }
      tensors.append(
        Tensor(name: name, dtype: SWTDType(entry.scalarType), role: .parameter, entry: entry))
    }
    guard !tensors.isEmpty else {
      throw .architecture(
        file: file, options.key.map { "there are no tensors under --key \($0)" } ?? "it holds no tensors",
        hint: "pth2swt inspect shows what is in it")
    }
    return (tensors, unused)
  }

  /// Everything that the file says about itself besides its tensors.
  func metadata(
    _ options: ConversionOptions, sourceSHA256: String, _ checkpoint: Checkpoint, file: String
  ) throws(ConversionFailure) -> [String: SWTValue] {
    var values: [String: SWTValue] = [
      "swt.producer": .text("pth2swt"),
      "swt.producer_version": .text(Producer.version),
      "source.sha256": .text(sourceSHA256),
      "source.bytes": .integer(Int64(checkpoint.byteCount)),
      "source.format": .text(checkpoint.container.rawValue),
      "license": .text(options.license ?? "LicenseRef-unknown"),
    ]
    if let network {
      let architecture = network.tree.architecture
      values.merge(SWTArchitecture.metadata(architecture)) { _, new in new }
      values["arch.bn"] = .text("kept")
      values["source.family"] = .text(network.candidate.family)
      if !network.candidate.prefix.isEmpty { values["source.prefix"] = .text(network.candidate.prefix) }
      if let labels = options.labels {
        guard labels.count == architecture.classCount else {
          throw .architecture(
            file: file,
            "there are \(labels.count) labels for \(architecture.classCount.map(String.init) ?? "no") classes",
            hint: nil)
        }
      }
    }
    let encodings = tensors.compactMap { tensor in tensor.note.map { JSONMember(tensor.name, $0) } }
    if !encodings.isEmpty { values["tensors.encoding"] = .json(JSONValue.object(encodings).text()) }
    if network == nil, !checkpoint.sparse.isEmpty {
      let prefix = options.key.map { $0 + "." } ?? ""
      let sparse = checkpoint.sparse.filter { $0.name.hasPrefix(prefix) }.map { tensor in
        JSONMember(String(tensor.name.dropFirst(prefix.count)), tensor.description.json)
      }
      values["tensors.sparse"] = .json(JSONValue.object(sparse).text())
    }
    if !checkpoint.metadata.isEmpty {
      // What a safetensors file or an index of shards said about itself travels on.
      let pairs = checkpoint.metadata.map { JSONMember($0.key, .string($0.value)) }
      values["source.metadata"] = .json(JSONValue.object(pairs).text())
    }
    if isBareTensor { values["x.path"] = .text("") }
    if let labels = options.labels { values["labels"] = .text(labels.joined(separator: "\n")) }
    for (key, value) in options.metadata { values[key] = .text(value) }
    return values
  }
}

extension ConversionPlan.Tensor {
  /// What the bytes and the type of the file do not say: how quantized integers become numbers, and the shape
  /// and type of elements that share bytes.
  fileprivate var note: JSONValue? {
    guard entry.quantizer != nil || dtype == .opaque else { return nil }
    var members: [JSONMember] = [
      JSONMember("dtype", .string(entry.scalarType.rawValue)),
      JSONMember("shape", .array(entry.shape.map { .int($0) })),
    ]
    if let quantizer = entry.quantizer { members.append(JSONMember("quantizer", quantizer.json)) }
    return .object(members)
  }
}

/// The name and version that files carry.
public enum Producer {
  public static let version = "0.1.0"
}
