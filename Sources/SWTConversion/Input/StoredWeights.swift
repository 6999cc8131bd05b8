internal import PthReader
internal import ResNetArchitecture
internal import ResNetModel
internal import SWT
internal import SWTBytes
internal import SWTChecksums
internal import SWTDigests
internal import SWTInputs
internal import SWTTensorFiles
internal import SWTTensors

/// A weight file as input: everything in it, with the tensor data in place.
struct StoredWeights {
  var contents: SWTContents
  /// The data of each tensor as stored.
  let raw: [TensorEntry]
  /// The tensors as PyTorch sees them; nil if they are not real or integer numbers.
  let logical: [TensorEntry?]
  let byteCount: Int

  /// The unchanged file.
  var draft: Draft {
    var draft = Draft()
    draft.contents = contents
    draft.values = raw.map { .entry($0) }
    return draft
  }

  /// The file with transformed values, as if it had been converted like that from its source.
  ///
  /// - Throws: ``ConversionFailure``, also if the values were transformed before, because errors would
  ///   accumulate unseen; ``ParseFailure`` if a value cannot be read.
  func transformed(_ options: ConversionOptions, _ file: PthFile) throws -> Draft {
    guard contents.quantizations.isEmpty, contents.receipts.allSatisfy({ $0.operations.isEmpty }) else {
      throw ConversionFailure.architecture(
        "its values were already folded, cast or quantized",
        .say("convert the checkpoint that it was made from"))
    }
    let network = try PthFile(
      Checkpoint(
        container: .swt, byteCount: byteCount,
        tensors: contents.tensors.indices.filter { !isGolden($0) }.compactMap { logical[$0] }),
      path: file.path, limits: options.limits)
    let architecture = SWTArchitecture.read { contents.metadata[$0] }
    let plan = try ConversionPlan(network, architecture.map { .stated($0) }, options)
    try plan.requireLayers(options.wideLayers)
    var draft = try DraftBuilder.build(plan, hashesSources: false, file)
    draft.contents.metadata = contents.metadata
    plan.addTransforms(options, to: &draft.contents.metadata)
    draft.contents.sources = contents.sources
    draft.contents.tensorAlignmentLog2 = contents.tensorAlignmentLog2
    draft.contents.dataAlignmentLog2 = contents.dataAlignmentLog2
    try addGoldens(to: &draft)
    return draft
  }

  /// Reads the tensors of a weight file as stored.
  func file(path: String, limits: ParseLimits) throws(ParseFailure) -> PthFile {
    try PthFile(
      Checkpoint(container: .swt, byteCount: byteCount, tensors: raw), path: path, limits: limits)
  }

  private func isGolden(_ index: Int) -> Bool {
    contents.tensors[index].name.hasPrefix(SWTFormat.goldenPrefix)
  }

  /// Moves the golden tests after the other tensors, which renumbers them.
  private func addGoldens(to draft: inout Draft) throws {
    var places: [Int: Int] = [:]
    for index in contents.tensors.indices where isGolden(index) {
      places[index] = draft.contents.tensors.count
      draft.append(contents.tensors[index], .entry(raw[index]))
    }
    func moved(_ index: Int) throws(ParseFailure) -> Int {
      guard let place = places[index] else {
        throw ParseFailure(.invalid("a golden test refers to a tensor that is not a golden tensor"))
      }
      return place
    }
    for set in contents.goldenSets {
      var set = set
      if let input = set.inputTensor { set.inputTensor = try moved(input) }
      for i in set.vectors.indices {
        set.vectors[i].expectedTensor = try moved(set.vectors[i].expectedTensor)
      }
      draft.contents.goldenSets.append(set)
    }
  }
}

// MARK: - From a .swt file

extension StoredWeights {
  /// Checks the whole file.
  ///
  /// - Throws: ``InputFailure`` or ``ParseFailure`` if the file is damaged, or was written by a version that
  ///   this one does not fully know: what cannot be read could not be written again.
  init(_ file: SWTFile, path: String) throws {
    let source = try FileSource(path: path)
    do throws(SWTError) {
      try file.verify(using: SystemDigests())
    } catch {
      throw InputFailure(path, error)
    }
    do throws(SWTError) {
      contents = try SWTContents(of: file)
    } catch {
      throw ParseFailure(.unsupported(error.detail), hint: "a newer pth2swt can convert it")
    }
    byteCount = file.byteCount
    var raw: [TensorEntry] = []
    var logical: [TensorEntry?] = []
    for info in file.tensors {
      let storage = Storage(
        id: info.index, byteCount: info.byteCount,
        source: try SubSource(source, at: info.dataOffset, count: info.byteCount), label: info.name)
      raw.append(
        TensorEntry(
          name: info.name, path: [.key(info.name)], scalarType: .uint8,
          layout: try StridedLayout(shape: [info.byteCount], strides: nil), storage: storage))
      let type = info.quantization == nil ? info.dtype?.scalarType : nil
      logical.append(
        try type.map { type throws(ParseFailure) in
          TensorEntry(
            name: info.name, path: [.key(info.name)], scalarType: type,
            layout: try StridedLayout(shape: info.shape, strides: info.strides), storage: storage)
        })
    }
    self.raw = raw
    self.logical = logical
  }
}

// MARK: - From safetensors

extension StoredWeights {
  /// A safetensors file written by this program, with everything that safetensors has no place for in its
  /// metadata; nil for any other file.
  ///
  /// - Throws: ``ParseFailure`` if tensors were changed since, so the metadata is wrong.
  init?(_ file: PthFile) throws(ParseFailure) {
    let checkpoint = file.checkpoint
    guard checkpoint.container == .safetensors,
      let text = checkpoint.metadata.first(where: { $0.key == StoredIndex.key })?.value
    else { return nil }
    contents = try StoredIndex.contents(try JSONValue.parse(Array(text.utf8)))
    byteCount = checkpoint.byteCount
    func changed(_ what: String) -> ParseFailure {
      ParseFailure(
        .invalid("\(what) since pth2swt wrote the file, so its metadata \(StoredIndex.key) is wrong"),
        hint: "delete that key to convert it like any other safetensors file")
    }
    let entries = Dictionary(
      checkpoint.tensors.map { (ExactString($0.name), $0) }, uniquingKeysWith: { first, _ in first })
    guard entries.count == contents.tensors.count else { throw changed("tensors were added or removed") }
    var raw: [TensorEntry] = []
    var logical: [TensorEntry?] = []
    for spec in contents.tensors {
      guard let entry = entries[ExactString(spec.name)],
        SWTFormat.byteCount(spec.shape, spec.dtype) == entry.byteCount
      else {
        throw changed("\(spec.name) was changed")
      }
      let digest = SystemDigests().makeSHA256()
      try file.forEachWindow(of: entry) { (window) throws(ParseFailure) in digest.update(window) }
      guard digest.finalize() == spec.sha256 else { throw changed("the values of \(spec.name) were changed") }
      raw.append(entry)
      let isPlain =
        spec.quantization == nil && spec.dimOrder == nil && spec.dtype.scalarType == entry.scalarType
      logical.append(isPlain ? entry : nil)
    }
    self.raw = raw
    self.logical = logical
  }
}
