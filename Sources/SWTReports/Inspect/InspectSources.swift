internal import PthReader
internal import ResNetArchitecture
internal import ResNetModel
internal import SWT
internal import SWTBytes
internal import SWTChecksums
internal import SWTConsole
internal import SWTConversion
internal import SWTDigests
package import SWTInputs
internal import SWTTensorFiles
internal import SWTTensors

// MARK: - Checkpoints

extension InspectReport {
  /// The contents of an opened file.
  ///
  /// - Parameters:
  ///   - input: The file.
  ///   - path: Its path.
  ///   - hashes: Whether every tensor is hashed.
  /// - Throws: ``InputFailure`` if values to hash cannot be read.
  package init(_ input: OpenedInput, path: String, hashes: Bool) throws(InputFailure) {
    switch input {
    case .checkpoint(let file): try self.init(file, hashes: hashes)
    case .weights(let file): try self.init(swt: file, path: path, hashes: hashes)
    }
  }

  private init(_ file: PthFile, hashes: Bool) throws(InputFailure) {
    let checkpoint = file.checkpoint
    var skipped = checkpoint.skipped.map { ($0.path, $0.reason) }
    var firstUse: [ObjectIdentifier: Int] = [:]
    for (index, entry) in checkpoint.tensors.enumerated() where entry.storage.byteCount > 0 {
      let storage = ObjectIdentifier(entry.storage)
      if firstUse[storage] == nil { firstUse[storage] = index }
    }
    var digests: [SHA256Digest?] = []
    if hashes {
      var hasher = TensorHasher(file)
      for entry in checkpoint.tensors {
        switch try hasher.hash(entry) {
        case .digest(let digest): digests.append(digest)
        case .refused(let reason):
          digests.append(nil)
          if let reason { skipped.append((entry.name, "not hashed: \(reason)")) }
        }
      }
    }
    var seen: Set<StorageView> = []
    let repeats = checkpoint.tensors.map { !seen.insert(StorageView($0)).inserted }
    let scales = Self.outputScales(checkpoint)
    self.init(
      path: file.path, byteCount: checkpoint.byteCount, container: checkpoint.container.rawValue,
      tensorCount: checkpoint.tensors.count,
      tensor: { index in
        let entry = checkpoint.tensors[index]
        let first = firstUse[ObjectIdentifier(entry.storage)] ?? index
        return Tensor(
          name: entry.name, path: entry.path.map(\.description), dtype: entry.scalarType.rawValue,
          shape: entry.shape, stride: entry.layout.strides, storageOffset: entry.layout.offset,
          byteCount: entry.byteCount, sharesWith: first == index ? nil : checkpoint.tensors[first].name,
          quantizer: entry.quantizer, sha256: digests.isEmpty ? nil : digests[index]?.hex,
          isParameter: Self.isParameter(entry) && !scales.contains(ExactString(entry.name)))
      },
      isRepeat: { repeats[$0] },
      values: { index in
        let entry = checkpoint.tensors[index]
        guard !entry.isMeta else { return .refused(nil) }
        do throws(ParseFailure) {
          try file.admit(entry)
        } catch {
          return .refused("\(error.reason)")
        }
        return .readable(ValueTensor(entry, of: file))
      }, globals: checkpoint.globals, skipped: skipped)
    do throws(ConversionFailure) {
      let network = try NetworkStateDict(file, .auto, key: nil)
      architecture = network.tree.architecture
      family = network.candidate.family
      quantized = QuantizedSummary(network, file)
      for (parameter, key) in network.reading.filled { roles[key] = parameter.role }
      metadata.append(("keys", .string(network.candidate.family)))
      if !network.candidate.prefix.isEmpty {
        metadata.append(("prefix", .string(network.candidate.prefix)))
      }
    } catch {
      if error.kind == .architecture {
        misfit = Misfit(message: error.message, reason: error.reading?.reason ?? error.message)
      }
    }
    if checkpoint.isGzipped { metadata.append(("compression", "gzip")) }
    for (key, value) in checkpoint.metadata { metadata.append((key, .string(value))) }
    for tensor in checkpoint.sparse { metadata.append(("sparse.\(tensor.name)", tensor.description.json)) }
  }
}

extension InspectReport {
  /// The scales of quantized outputs, which are buffers of their modules beside a zero point.
  private static func outputScales(_ checkpoint: Checkpoint) -> Set<ExactString> {
    Set(
      checkpoint.tensors.compactMap { entry in
        let ending = ".zero_point"
        return entry.name.hasSuffix(ending) ? ExactString(entry.name.dropLast(ending.count) + ".scale") : nil
      })
  }

  private static func isParameter(_ entry: TensorEntry) -> Bool {
    let type = entry.scalarType
    let isNumber = type.isFloatingPoint || type.isComplex || entry.quantizer != nil
    return isNumber && !isBuffer(entry.name)
  }
}

/// Hashes tensors, each view once, and no more bytes than the limits allow.
private struct TensorHasher {
  package enum Outcome {
    case digest(SHA256Digest)
    /// Has no reason if there is nothing to hash.
    case refused(String?)
  }

  private let file: PthFile
  private var known: [StorageView: SHA256Digest] = [:]

  package init(_ file: PthFile) { self.file = file }

  package mutating func hash(_ entry: TensorEntry) throws(InputFailure) -> Outcome {
    guard !entry.isMeta else { return .refused(nil) }
    let view = StorageView(entry)
    if let digest = known[view] { return .digest(digest) }
    do throws(ParseFailure) {
      try file.admit(entry)
    } catch {
      return .refused("\(error.reason)")
    }
    let digest = SystemDigests().makeSHA256()
    do throws(ParseFailure) {
      try file.forEachWindow(of: entry) { (window) throws(ParseFailure) in digest.update(window) }
    } catch {
      throw InputFailure(file.path, error.inside(entry.name))
    }
    let result = digest.finalize()
    known[view] = result
    return .digest(result)
  }
}

// MARK: - Weight files

extension InspectReport {
  /// The quantization of a tensor's integers, if PyTorch has one like it.
  private static func quantizer(_ info: TensorInfo, _ file: SWTFile) -> Quantizer? {
    guard let record = info.quantization.map({ file.quantization($0) }), record.scheme != .perBlock,
      let scales = try? file.view(record.scaleTensor).numbers()
    else { return nil }
    let zeros = record.zeroTensor.flatMap { try? file.view($0).numbers() }
    let points = zeros ?? Array(repeating: 0, count: scales.count)
    guard points.count == scales.count else { return nil }
    if record.scheme == .perTensor {
      guard scales.count == 1, let zero = Int(exactly: points[0]) else { return nil }
      return .perTensor(scale: scales[0], zeroPoint: zero)
    }
    return .perChannel(axis: record.axis, scales: scales, zeroPoints: points)
  }

  private init(swt file: SWTFile, path: String, hashes: Bool) throws(InputFailure) {
    let digests = SystemDigests()
    var hashed: [SHA256Digest] = []
    if hashes {
      for info in file.tensors {
        do throws(SWTError) {
          try file.verifyData(info.index)
          let view = try file.view(info.index)
          let digest = digests.makeSHA256()
          digest.update(view.bytes)
          hashed.append(digest.finalize())
        } catch {
          throw InputFailure(path, error)
        }
      }
    }
    self.init(
      path: path, byteCount: file.byteCount, container: "swt", architecture: SWTArchitecture.read(file),
      tensorCount: file.tensorCount,
      tensor: { index in
        let info = file.info(index)
        return Tensor(
          name: info.name, path: [info.name], dtype: info.dtype?.name ?? "code \(info.dtypeCode)",
          shape: info.shape, stride: StridedLayout.contiguousStrides(info.shape), storageOffset: 0,
          byteCount: info.byteCount, sharesWith: info.aliasOf.map { file.info($0).name },
          quantizer: Self.quantizer(info, file), sha256: hashed.isEmpty ? nil : hashed[index].hex,
          isParameter: info.role == .parameter)
      },
      isRepeat: { file.info($0).aliasOf != nil }, values: { .readable(ValueTensor(file.info($0), of: file)) })
    family = architecture == nil ? nil : "torchvision"
    quantized = QuantizedSummary(file)
    if let architecture {
      for parameter in LayerTree(architecture).parameters { roles[parameter.name] = parameter.role }
    }
    for (key, value) in file.metadata { metadata.append((key, value.json)) }
    if let identity = file.contentID(using: digests) {
      metadata.append(("content_id", .string("swt1:\(identity.hex)")))
    }
    if !file.goldenSets.isEmpty {
      metadata.append(("goldens", .array(file.goldenSets.map { .string($0.name) })))
    }
  }
}
