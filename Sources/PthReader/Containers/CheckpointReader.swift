internal import SWTArchives
package import SWTBytes
internal import SWTTensorFiles

/// Opens checkpoints: finds out by content what a file is, and reads what it holds.
package enum CheckpointReader {
  /// Reads the metadata of the checkpoint at `path`; tensor bytes stay in the file.
  ///
  /// An index of shards is read together with the shards in its folder; a folder that is one checkpoint, as a
  /// whole; a folder with an index, as that index.
  ///
  /// - Throws: ``/SWTBytes/ParseFailure`` when the file cannot be read, is no checkpoint, is damaged, or asks
  ///   for more than `limits` allow.
  package static func open(
    path: String, limits: ParseLimits = ParseLimits()
  ) throws(ParseFailure) -> Checkpoint {
    if let folder = CheckpointFolder(path) { return try folder.read(limits: limits) }
    if let index = try IndexedFolder.index(in: path) { return try open(path: index, limits: limits) }
    let source = try FileSource(path: path)
    let name = Folder.name(of: path)
    if name.hasSuffix(".distcp") || name == DistributedFolder.metadataName {
      throw ParseFailure(
        .unsupported("one file of a distributed checkpoint, which is a folder"),
        hint: "name the folder; " + DistributedFolder.conversionHint)
    }
    // The length at the start of a safetensors file may look like an opening brace.
    if !SafetensorsFile.recognizes(source), try ShardIndex.recognizes(source) {
      return try ShardIndex(source, path: path, limits: limits.scaled(toFile: source.byteCount)).read()
    }
    var checkpoint = try read(source, limits: limits)
    if checkpoint.container == .safetensors {
      try SafetensorsShards.markParts(
        of: &checkpoint, named: name, limits: limits.scaled(toFile: source.byteCount))
    }
    return checkpoint
  }

  /// Reads a checkpoint from any source of bytes.
  ///
  /// - Throws: ``/SWTBytes/ParseFailure``, as ``open(path:limits:)`` does.
  package static func read(
    _ source: any ByteSource, limits: ParseLimits = ParseLimits()
  ) throws(ParseFailure) -> Checkpoint {
    let limits = limits.scaled(toFile: source.byteCount)
    guard try source.starts(with: FileMagic.gzip) else {
      return try read(source, limits: limits, nesting: 0)
    }
    do throws(ParseFailure) {
      var checkpoint = try read(try Inflater.gzip(source, limits: limits), limits: limits, nesting: 0)
      checkpoint.byteCount = source.byteCount
      checkpoint.isGzipped = true
      return checkpoint
    } catch {
      throw error.inside("gzip")
    }
  }

  /// Whether a file starts like a checkpoint; used when searching folders.
  ///
  /// Some readable forms start like any other archive or text; those are recognized only if a record name
  /// identifies them.
  package static func recognizes(_ path: String) -> Bool {
    guard let source = try? FileSource(path: path),
      let head = try? source.bytes(at: 0, count: min(512, source.byteCount))
    else { return false }
    if head.starts(with: FileMagic.zip) { return TorchArchive.recognizes(head) }
    return LegacyStream.recognizes(head) || SafetensorsFile.recognizes(source)
      || head.starts(with: FileMagic.pickle) && BarePickle.recognizes(head)
      || (try? shards(of: path).isEmpty) == false
  }

  /// Whether a file starts like a zip archive.
  static func isZip(_ path: String) -> Bool {
    (try? FileSource(path: path).starts(with: FileMagic.zip)) == true
  }

  /// The file names in an index of shards; empty if the file is not an index.
  package static func shards(of path: String) throws(ParseFailure) -> [String] {
    let source = try FileSource(path: path)
    let limits = ParseLimits().scaled(toFile: source.byteCount)
    guard !SafetensorsFile.recognizes(source), try ShardIndex.recognizes(source) else { return [] }
    return try ShardIndex(source, path: path, limits: limits).fileNames()
  }

  /// Whether a path is of shards of ranks from which PyTorch made the consolidated checkpoint beside them: a
  /// file of one rank, or the folder `sharded`.
  package static func isSourceOfConsolidated(_ path: String) -> Bool {
    let name = Folder.name(of: path)
    return SafetensorsShards.isShard(name) || name == "sharded" && Folder.exists(path)
  }

  /// The index that is opened if `path` is a folder of shards; nil if it is not a folder.
  ///
  /// - Throws: ``/SWTBytes/ParseFailure`` if the folder has no index, or several.
  package static func index(of path: String) throws(ParseFailure) -> String? {
    try IndexedFolder.index(in: path)
  }

  /// The files that a checkpoint comprises, in the state before they are opened: the file itself, the files of
  /// a folder that is one checkpoint, or an index with its shards.
  package static func watch(_ path: String) -> WatchedFiles {
    if let folder = CheckpointFolder(path) { return WatchedFiles(folder.paths) }
    if let index = try? IndexedFolder.index(in: path) { return watch(index) }
    var watched = WatchedFiles([path])
    for shard in (try? shards(of: path)) ?? [] {
      watched.add(Folder.join(Folder.parent(of: path), shard))
    }
    return watched
  }

  /// Reads one file, which may be inside another.
  ///
  /// The order of the checks is PyTorch's: tensors of a legacy stream may contain the bytes of a zip
  /// directory, so only the first bytes decide.
  static func read(
    _ source: any ByteSource, limits: ParseLimits, nesting: Int
  ) throws(ParseFailure) -> Checkpoint {
    let head = try source.bytes(at: 0, count: min(512, source.byteCount))
    if head.starts(with: FileMagic.zip) {
      return try readZip(try ZipArchive(source, limits: limits), nesting: nesting)
    }
    if TarArchive.recognizes(head) {
      return try TarArchive(source, limits: limits).read(nesting: nesting)
    }
    if LegacyStream.recognizes(head) {
      return try LegacyStream(source, limits: limits).read(nesting: nesting)
    }
    if SafetensorsFile.recognizes(source) {
      return try SafetensorsCheckpoint.read(source, limits: limits)
    }
    if let foreign = ForeignFile.recognize(head) {
      throw ParseFailure(.unsupported(foreign.description), at: 0, hint: foreign.hint)
    }
    if BarePickle.recognizes(head) {
      return try BarePickle.read(source, limits: limits, nesting: nesting)
    }
    throw ParseFailure(
      .unsupported("not a PyTorch checkpoint: neither a zip archive nor a pickle"), at: 0)
  }

  private static func readZip(_ archive: ZipArchive, nesting: Int) throws(ParseFailure) -> Checkpoint {
    var checkpoint = try readRecords(archive, nesting: nesting)
    for bytes in archive.stray {
      checkpoint.skip("", "\(bytes.count) bytes at \(bytes.offset), which belong to no entry of the archive")
    }
    return checkpoint
  }

  private static func readRecords(_ archive: ZipArchive, nesting: Int) throws(ParseFailure) -> Checkpoint {
    if let export = try ExportArchive(archive) { return try export.read(nesting: nesting) }
    if let package = PackageArchive(archive) { return try package.read(nesting: nesting) }
    return try TorchArchive(archive).read(nesting: nesting)
  }
}
