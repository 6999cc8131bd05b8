internal import PthReader
internal import SWT
internal import SWTBytes
internal import SWTChecksums
internal import SWTConversion
internal import SWTDigests
internal import SWTResNet
internal import SWTTensorFiles
internal import SWTTensors

/// What `inspect` found, ready to be printed either way.
struct InspectReport {
  struct Tensor {
    var name: String
    var path: [String]
    var dtype: String
    var shape: [Int]
    var stride: [Int]
    var storageOffset: Int
    var byteCount: Int
    /// Name of the first tensor in the same storage.
    var sharesWith: String?
    var sha256: String?
  }

  var path: String
  var byteCount: Int
  var container: String
  var architecture: Architecture?
  var family: String?
  var tensors: [Tensor]
  var globals: [Checkpoint.GlobalMention] = []
  var skipped: [(path: String, reason: String)] = []
  var metadata: [(key: String, value: JSONValue)] = []

  // MARK: Checkpoints

  init(
    _ checkpoint: Checkpoint, path: String, hashes: Bool, limits: ParseLimits
  ) throws(CommandFailure) {
    self.path = path
    byteCount = checkpoint.byteCount
    container = checkpoint.container.rawValue
    if let network = try? NetworkStateDict(checkpoint, .auto, key: nil, file: path) {
      architecture = network.tree.architecture
      family = network.candidate.family
      if !network.candidate.prefix.isEmpty {
        metadata.append(("prefix", .string(network.candidate.prefix)))
      }
    }
    globals = checkpoint.globals
    skipped = checkpoint.skipped.map { ($0.path, $0.reason) }
    var firstUse: [ObjectIdentifier: String] = [:]
    var tensors: [Tensor] = []
    for entry in checkpoint.tensors {
      let storage = ObjectIdentifier(entry.storage)
      var tensor = Tensor(
        name: entry.name, path: entry.path.map(\.description), dtype: entry.scalarType.rawValue,
        shape: entry.shape, stride: entry.layout.strides, storageOffset: entry.layout.offset,
        byteCount: entry.byteCount, sharesWith: firstUse[storage])
      if firstUse[storage] == nil, entry.storage.byteCount > 0 { firstUse[storage] = entry.name }
      if hashes, !entry.isMeta {
        if let excess = entry.expansionFailure(limits: limits) {
          skipped.append((entry.name, "not hashed: \(excess.reason)"))
        } else {
          tensor.sha256 = try Self.hash(entry, path: path, limits: limits)
        }
      }
      tensors.append(tensor)
    }
    self.tensors = tensors
  }

  private static func hash(
    _ entry: TensorEntry, path: String, limits: ParseLimits
  ) throws(CommandFailure) -> String {
    let digest = SystemDigests().makeSHA256()
    do {
      try entry.storage.requireChecksum()
      try entry.forEachWindow(limits: limits) { (window: [UInt8]) throws(Never) in digest.update(window) }
    } catch let failure as ParseFailure {
      throw CommandFailure(reading: path, failure.inside(entry.name))
    } catch {
      throw CommandFailure(.internalError, file: path, "\(error)")
    }
    return digest.finalize().hex
  }

  // MARK: Weight files

  init(swt file: SWTFile, path: String, hashes: Bool) throws(CommandFailure) {
    self.path = path
    byteCount = file.byteCount
    container = "swt"
    architecture = SWTArchitecture.read(file)
    family = architecture == nil ? nil : "torchvision"
    let digests = SystemDigests()
    var tensors: [Tensor] = []
    for info in file.tensors {
      var tensor = Tensor(
        name: info.name, path: [info.name], dtype: info.dtype?.name ?? "code \(info.dtypeCode)",
        shape: info.shape, stride: StridedLayout.contiguousStrides(info.shape), storageOffset: 0,
        byteCount: info.byteCount, sharesWith: info.aliasOf.map { file.info($0).name })
      if hashes {
        do throws(SWTError) {
          try file.verifyData(info.index)
          let view = try file.view(info.index)
          let digest = digests.makeSHA256()
          unsafe digest.update(view.bytes)
          tensor.sha256 = digest.finalize().hex
        } catch {
          throw CommandFailure(reading: path, error)
        }
      }
      tensors.append(tensor)
    }
    self.tensors = tensors
    for (key, value) in file.metadata { metadata.append((key, value.json)) }
    if let identity = file.contentID(using: digests) {
      metadata.append(("content_id", .string("swt1:\(identity.hex)")))
    }
    if !file.goldenSets.isEmpty {
      metadata.append(("goldens", .array(file.goldenSets.map { .string($0.name) })))
    }
  }

  // MARK: Output

  var json: JSONValue {
    [
      "schema": "pth2swt.inspect/1",
      "file": .string(path),
      "bytes": .int(byteCount),
      "container": .string(container),
      "architecture": architecture?.json(family: family) ?? .null,
      "tensors": .array(tensors.map(\.json)),
      "globals": .array(
        globals.map {
          [
            "name": .string($0.name.qualified), "known": .bool($0.isKnown),
            "dangerous": .bool($0.name.isDangerous),
          ]
        }),
      "skipped": .array(skipped.map { ["path": .string($0.path), "reason": .string($0.reason)] }),
      "metadata": .object(metadata.map { JSONMember($0.key, $0.value) }),
    ]
  }

  func text(listsTensors: Bool) -> String {
    var text = "\(path): \(container), \(Text.bytes(byteCount)), \(tensors.count) tensors\n"
    if let architecture {
      let tree = LayerTree(architecture)
      let head = architecture.classCount.map { "\($0) classes" } ?? "headless"
      text +=
        "  architecture  \(architecture.name) (\(head)), \(Text.grouped(tree.parameterCount)) parameters\n"
    } else {
      text += "  architecture  not a known ResNet or ResNeXt\n"
    }
    for (key, value) in metadata where key != "labels" && !key.hasPrefix("golden.") {
      text += "  \(key)  \(value.string ?? value.text())\n"
    }
    let dangerous = globals.filter { $0.name.isDangerous }
    for mention in dangerous {
      text +=
        "  DANGEROUS     names \(mention.name.qualified) at byte \(mention.offset); nothing was executed\n"
    }
    let unknown = globals.filter { !$0.isKnown && !$0.name.isDangerous }
    if !unknown.isEmpty {
      text += "  other names   \(unknown.prefix(8).map(\.name.qualified).joined(separator: ", "))\n"
    }
    for (path, reason) in skipped.prefix(20) { text += "  skipped       \(path): \(reason)\n" }
    if skipped.count > 20 { text += "  skipped       +\(skipped.count - 20) more\n" }
    guard listsTensors else { return text }
    var rows = [["name", "dtype", "shape", ">bytes"]]
    if tensors.contains(where: { $0.sha256 != nil }) { rows[0].append("sha256") }
    for tensor in tensors {
      var row = [tensor.name, tensor.dtype, "\(tensor.shape)", Text.grouped(tensor.byteCount)]
      if let sha = tensor.sha256 { row.append(sha) }
      rows.append(row)
    }
    return text + "\n" + Text.table(rows, indent: "  ")
  }
}

extension InspectReport.Tensor {
  var json: JSONValue {
    var members: [JSONMember] = [
      JSONMember("name", .string(name)),
      JSONMember("path", .array(path.map { .string($0) })),
      JSONMember("dtype", .string(dtype)),
      JSONMember("shape", .array(shape.map { .int($0) })),
      JSONMember("stride", .array(stride.map { .int($0) })),
      JSONMember("storage_offset", .int(storageOffset)),
      JSONMember("nbytes", .int(byteCount)),
      JSONMember("shares_with", sharesWith.map { .string($0) } ?? .null),
    ]
    if let sha256 { members.append(JSONMember("sha256", .string(sha256))) }
    return .object(members)
  }
}

extension Architecture {
  func json(family: String?) -> JSONValue {
    [
      "name": .string(name), "family": family.map { .string($0) } ?? .null, "block": .string(block.rawValue),
      "layers": .array(layers.map { .int($0) }), "groups": .int(groups),
      "width_per_group": .int(widthPerGroup), "base_planes": .int(basePlanes),
      "num_classes": classCount.map { .int($0) } ?? .null, "head": .string(hasHead ? "fc" : "none"),
    ]
  }
}

extension SWTValue {
  var json: JSONValue {
    switch self {
    case .text(let text): .string(text)
    case .integer(let value): .int(value)
    case .double(let value): .double(value)
    case .bool(let value): .bool(value)
    case .bytes(let bytes): .string(Hex.encode(bytes))
    case .integers(let values): .array(values.map { .int($0) })
    case .doubles(let values): .array(values.map { .double($0) })
    case .json(let text): (try? JSONValue.parse(Array(text.utf8))) ?? .string(text)
    }
  }
}
