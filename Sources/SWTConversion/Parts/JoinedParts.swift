internal import PthReader
internal import SWT
internal import SWTBytes
internal import SWTInputs
internal import SWTTensors

/// The parts of one checkpoint as one weight file.
enum JoinedParts {
  private struct Part {
    let path: String
    let number: ConversionPart
    let weights: StoredWeights
  }

  private static let hint = "join all parts of one checkpoint, made with the same options, and no other files"

  /// Opens the parts, in any order, and checks each and that they belong together.
  ///
  /// - Throws: ``InputFailure`` with the path of the part that is damaged or does not belong to the others.
  static func open(_ paths: [String]) throws -> StoredWeights {
    var parts: [Part] = []
    for path in paths { parts.append(try part(path)) }
    parts.sort { $0.number.index < $1.number.index }
    guard let first = parts.first else { throw ParseFailure(.invalid("there are no parts")) }
    for part in parts.dropFirst() { try requireSame(part, as: first) }
    for index in 1...first.number.count {
      let found = parts.filter { $0.number.index == index }
      guard found.count != 1 else { continue }
      throw InputFailure(
        found.last?.path ?? first.path,
        ParseFailure(
          .invalid(
            found.isEmpty
              ? "part \(index) of \(first.number.count) is not among the inputs"
              : "part \(index) of \(first.number.count) is there twice, also as \(found[0].path)"),
          hint: hint))
    }
    let whole = StoredWeights(joining: parts.map(\.weights))
    guard case .text(let table)? = first.weights.contents.metadata[ConversionPart.tableKey],
      table == whole.contents.tableDigest
    else {
      throw InputFailure(
        first.path,
        ParseFailure(.invalid("the parts together do not have the tensors that each records"), hint: hint))
    }
    return whole
  }

  private static func part(_ path: String) throws -> Part {
    guard case .weights(let file) = try OpenedInput(path) else {
      throw InputFailure(path, ParseFailure(.unsupported("not a .swt file, and only these have parts")))
    }
    let weights = try StoredWeights(file, path: path)
    guard case .text(let text)? = weights.contents.metadata[ConversionPart.key],
      let number = ConversionPart(text)
    else {
      throw InputFailure(path, ParseFailure(.invalid("it is not a part of a checkpoint"), hint: hint))
    }
    return Part(path: path, number: number, weights: weights)
  }

  private static func requireSame(_ part: Part, as first: Part) throws {
    var (a, b) = (first.weights.contents.metadata, part.weights.contents.metadata)
    for key in [ConversionPart.key, SWTFormat.sourceDigestKey] { (a[key], b[key]) = (nil, nil) }
    let keys = Set(a.keys).union(b.keys).filter { a[$0] != b[$0] }.sorted()
    guard keys.isEmpty, part.number.count == first.number.count else {
      let what = keys.isEmpty ? "the number of parts" : keys.joined(separator: ", ")
      throw InputFailure(
        part.path,
        ParseFailure(.invalid("it is not a part of the checkpoint of \(first.path): \(what)"), hint: hint))
    }
  }
}

extension StoredWeights {
  /// The parts one after another, as one file.
  fileprivate init(joining parts: [StoredWeights]) {
    var draft = Draft()
    var raw: [TensorEntry] = []
    var logical: [TensorEntry?] = []
    for part in parts {
      let start = draft.contents.tensors.count
      for (index, spec) in part.contents.tensors.enumerated() {
        var spec = spec
        if let record = spec.quantization {
          spec.quantization = draft.contents.quantizations.count
          draft.contents.quantizations.append(part.contents.quantizations[record].moved(by: start))
        }
        let receipts = part.contents.receipts
        // Every storage has an ID of its own.
        let storage = part.raw[index].storage
        let moved = Storage(
          id: start + index, byteCount: storage.byteCount, source: storage.source, label: storage.label)
        let entry = TensorEntry(
          name: spec.name, path: part.raw[index].path, scalarType: .uint8, layout: part.raw[index].layout,
          storage: moved)
        draft.append(spec, .entry(entry), receipts.isEmpty ? .untouched : receipts[index])
        raw.append(entry)
        logical.append(
          part.logical[index].map { entry in
            TensorEntry(
              name: entry.name, path: entry.path, scalarType: entry.scalarType, layout: entry.layout,
              storage: moved)
          })
      }
      draft.contents.sources += part.contents.sources
    }
    var contents = draft.contents
    contents.metadata = parts[0].contents.metadata
    contents.metadata[ConversionPart.key] = nil
    contents.metadata[ConversionPart.tableKey] = nil
    contents.tensorAlignmentLog2 = parts[0].contents.tensorAlignmentLog2
    contents.dataAlignmentLog2 = parts[0].contents.dataAlignmentLog2
    self.init(
      contents: contents, raw: raw, logical: logical, byteCount: parts.reduce(0) { $0 + $1.byteCount })
  }
}
