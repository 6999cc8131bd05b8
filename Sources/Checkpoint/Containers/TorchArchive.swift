internal import SWTBytes
internal import SWTTensors

/// The zip form that PyTorch writes since 1.6: `data.pkl`, `data/<key>`, `version`, `byteorder` in a folder.
struct TorchArchive {
  private let source: any ByteSource
  private let limits: ParseLimits
  private let entries: [String: ZipEntry]
  /// Folder in front of every record, with its slash; empty for archives without one.
  private let prefix: String

  let isTorchScript: Bool

  init(_ source: any ByteSource, limits: ParseLimits) throws(ParseFailure) {
    let directory = try ZipDirectory(source, limits: limits)
    self.source = source
    self.limits = limits
    var entries: [String: ZipEntry] = [:]
    for entry in directory.entries { entries[entry.name] = entry }
    self.entries = entries
    prefix = try Self.findPrefix(directory.entries)
    isTorchScript = entries[prefix + "constants.pkl"] != nil
  }

  /// The folder that holds `data.pkl`: the shallowest one, and only one.
  private static func findPrefix(_ entries: [ZipEntry]) throws(ParseFailure) -> String {
    let candidates = entries.map(\.name)
      .filter { $0 == "data.pkl" || $0.hasSuffix("/data.pkl") }
      .filter { !$0.contains("__MACOSX/") }
      .map { String($0.dropLast("data.pkl".count)) }
    let depth = candidates.map { $0.split(separator: "/").count }.min()
    let shallowest = candidates.filter { $0.split(separator: "/").count == depth }
    guard let first = shallowest.first else {
      throw ParseFailure(
        .unsupported("a zip archive without data.pkl: not a PyTorch checkpoint"),
        hint: "entries: " + entries.prefix(5).map(\.name).joined(separator: ", "))
    }
    guard shallowest.count == 1 else {
      throw ParseFailure(
        .invalid("two pickles, \(shallowest[0])data.pkl and \(shallowest[1])data.pkl: which one counts?"))
    }
    return first
  }

  /// Reads the object and finds every tensor in it.
  func read(nesting: Int) throws(ParseFailure) -> Checkpoint {
    try requireVersion()
    let isBigEndian = try byteOrderIsBig()
    guard let entry = entries[prefix + "data.pkl"] else {
      throw ParseFailure(.invalid("\(prefix)data.pkl is gone"))
    }
    try limits.check(.pickleBytes, entry.byteCount)
    let pickle: Pickle
    do throws(ParseFailure) {
      var reader: ByteReader
      if entry.method == .stored, let offset = entry.dataOffset {
        reader = try ByteReader(source, offset..<offset + entry.byteCount)
      } else {
        reader = try ByteReader(try data(entry))
      }
      try requireChecksum(entry)
      pickle = try PickleMachine.read(&reader, limits: limits)
    } catch {
      throw error.inside(entry.name)
    }
    let provider = Provider(archive: self, isBigEndian: isBigEndian)
    let found = try StateDictWalk.collect(pickle, provider: provider, limits: limits, nesting: nesting)
    return Checkpoint(
      container: isTorchScript ? .torchscript : .zip, byteCount: source.byteCount, tensors: found.tensors,
      globals: CheckpointReader.mentions(pickle), skipped: found.skipped)
  }

  private func data(_ entry: ZipEntry) throws(ParseFailure) -> any ByteSource {
    guard let offset = entry.dataOffset else { return MemorySource([]) }
    let packed = try SubSource(source, at: offset, count: entry.packedByteCount)
    guard entry.method == .deflated else { return packed }
    return try InflatedSource(packed, byteCount: entry.byteCount, name: entry.name, limits: limits)
  }

  /// A small record that is text; `nil` when the archive has none.
  private func text(_ name: String) throws(ParseFailure) -> String? {
    guard let entry = entries[prefix + name] else { return nil }
    guard entry.byteCount <= 64 else {
      throw ParseFailure(.invalid("\(entry.name) has \(entry.byteCount) bytes"))
    }
    let bytes = try data(entry).bytes(at: 0, count: entry.byteCount)
    return String(decoding: bytes, as: UTF8.self)
  }

  /// PyTorch reads file format versions 1 to 10; a re-zipped archive may have lost its record.
  private func requireVersion() throws(ParseFailure) {
    var record = try text("version")
    if record == nil { record = try text(".data/version") }
    guard let text = record else { return }
    let digits = text.hasSuffix("\n") ? text.dropLast() : text[...]
    guard let version = Int(digits), (1...10).contains(version) else {
      throw ParseFailure(.unsupported("file format version '\(digits)'"), in: ["\(prefix)version"])
    }
  }

  private func byteOrderIsBig() throws(ParseFailure) -> Bool {
    switch try text("byteorder") {
    case nil, "little": return false
    case "big": return true
    case let other?: throw ParseFailure(.invalid("byte order '\(other)'"), in: ["\(prefix)byteorder"])
    }
  }

  /// Checks a record that is read whole; CRC 0 on a non-empty record means "not computed".
  private func requireChecksum(_ entry: ZipEntry) throws(ParseFailure) {
    guard entry.crc32 != 0 else { return }
    let computed = try Checksum.crc32(try data(entry))
    guard computed == entry.crc32 else {
      throw ParseFailure(
        .checksum("its bytes do not have the CRC-32 that the archive states"),
        hint: "the file is damaged: fetch it again")
    }
  }

  /// Storages of one archive, each made once.
  private struct Provider: StorageProvider {
    let archive: TorchArchive
    let isBigEndian: Bool
    private var storages: [String: (storage: Storage, type: ScalarType?)] = [:]

    init(archive: TorchArchive, isBigEndian: Bool) {
      self.archive = archive
      self.isBigEndian = isBigEndian
    }

    mutating func storage(_ reference: StorageReference) throws(ParseFailure) -> Storage {
      if let known = storages[reference.key] {
        let needed = try reference.byteCount
        guard known.type == reference.scalarType || known.storage.byteCount == 0,
          needed == known.storage.byteCount || known.storage.source == nil
        else {
          throw ParseFailure(.invalid("storage \(reference.key) is used with two types or sizes"))
        }
        return known.storage
      }
      let storage = try make(reference)
      storages[reference.key] = (storage, reference.scalarType)
      return storage
    }

    private func make(_ reference: StorageReference) throws(ParseFailure) -> Storage {
      let name = "\(archive.prefix)data/\(reference.key)"
      let byteCount = try packedByteCount(reference)
      if reference.location == "meta" {
        return Storage(id: storages.count, byteCount: byteCount, source: nil, label: name)
      }
      guard let entry = archive.entries[name] else {
        guard byteCount == 0 else { throw ParseFailure(.invalid("the archive has no record \(name)")) }
        return Storage(id: storages.count, byteCount: 0, source: MemorySource([]), label: name)
      }
      guard entry.byteCount == byteCount || isPacked(reference) else {
        throw ParseFailure(
          .invalid("record \(name) has \(entry.byteCount) bytes, the pickle says \(byteCount)"))
      }
      return Storage(
        id: storages.count, byteCount: entry.byteCount, source: try archive.data(entry),
        isBigEndian: isBigEndian, crc32: entry.crc32 == 0 ? nil : entry.crc32, label: name)
    }

    private func isPacked(_ reference: StorageReference) -> Bool {
      reference.scalarType == .quint4x2 || reference.scalarType == .quint2x4
    }

    private func packedByteCount(_ reference: StorageReference) throws(ParseFailure) -> Int {
      switch reference.scalarType {
      case .quint4x2: reference.count / 2 + reference.count % 2
      case .quint2x4: reference.count / 4 + (reference.count % 4 == 0 ? 0 : 1)
      default: try reference.byteCount
      }
    }
  }
}
