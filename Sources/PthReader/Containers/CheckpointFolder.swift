package import SWTBytes

/// A folder that is one checkpoint, not a collection of them.
package struct CheckpointFolder: Sendable {
  private enum Form {
    /// `torch.distributed.checkpoint`.
    case distributed
    /// Shards in safetensors format without an index.
    case shards
    /// One file per rank.
    case ranks
    /// The folder that an archive was unpacked to.
    case unpacked
  }

  private let path: String
  private let form: Form
  /// Names of the files that the checkpoint comprises, sorted by their bytes.
  package let files: [String]

  /// Nil if the path is not a folder, or not one checkpoint.
  ///
  /// The `data.pkl` of an unpacked archive stands for its folder.
  package init?(_ path: String) {
    if let folder = UnpackedArchive.folder(path),
      let files = try? UnpackedArchive.files(folder, limit: 1_000_000)
    {
      self.path = folder
      form = .unpacked
      self.files = files
      return
    }
    guard Folder.exists(path), let names = try? Folder.names(in: path) else { return nil }
    self.path = path
    let regular = names.filter { name in
      if case .file? = Folder.kind(Folder.join(path, name)) { true } else { false }
    }
    let data = regular.filter { $0.hasSuffix(".distcp") }
    if !data.isEmpty || regular.contains(DistributedFolder.metadataName) && Self.isMetadata(path) {
      form = .distributed
      files = regular.filter { $0 == DistributedFolder.metadataName || $0.hasSuffix(".distcp") }
      return
    }
    let shards = regular.filter(SafetensorsShards.isShard)
    if !shards.isEmpty, !regular.contains(where: { $0.hasSuffix(".index.json") }) {
      form = .shards
      files = shards
      return
    }
    // Among folders it is one of several inputs.
    guard !names.contains(where: { Folder.exists(Folder.join(path, $0)) }) else { return nil }
    let candidates = regular.filter { !$0.hasPrefix(".") && CheckpointReader.isZip(Folder.join(path, $0)) }
    guard RankFiles.recognizes(path, candidates) else { return nil }
    form = .ranks
    files = candidates
  }

  /// Other programs have folders with a `.metadata` too.
  private static func isMetadata(_ path: String) -> Bool {
    let source = try? FileSource(path: Folder.join(path, DistributedFolder.metadataName))
    return (try? source?.starts(with: FileMagic.pickle)) == true
  }

  /// Total size of the files in bytes.
  package var byteCount: Int {
    files.reduce(0) { sum, name in
      if case .file(let size)? = Folder.kind(Folder.join(path, name)) { sum + size } else { sum }
    }
  }

  /// All files one after another, in the order of their names; their digest identifies the checkpoint.
  package func contents() throws(ParseFailure) -> any ByteSource {
    var parts: [any ByteSource] = []
    let pool = FilePool()
    for name in files { parts.append(try pool.add(Folder.join(path, name))) }
    return JoinedSource(parts)
  }

  func read(limits: ParseLimits) throws(ParseFailure) -> Checkpoint {
    switch form {
    case .distributed: try DistributedFolder(path, limits: limits).read()
    case .shards: try SafetensorsShards(path, files, limits: limits).read()
    case .ranks: try RankFiles(path, files, limits: limits).read()
    case .unpacked: try UnpackedArchive.read(path, limits: limits)
    }
  }
}
