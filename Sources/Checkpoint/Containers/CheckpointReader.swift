public import SWTBytes

/// Opens checkpoints: finds out by content what a file is, and reads what it holds.
public enum CheckpointReader {
  /// Reads the metadata of the checkpoint at `path`; tensor bytes stay in the file.
  ///
  /// - Throws: ``ParseFailure`` when the file cannot be read, is no checkpoint, is damaged, or asks for more
  ///   than `limits` allow.
  public static func open(
    path: String, limits: ParseLimits = ParseLimits()
  ) throws(ParseFailure) -> Checkpoint {
    try read(FileSource(path: path), limits: limits)
  }

  /// Reads a checkpoint from any source of bytes.
  public static func read(
    _ source: any ByteSource, limits: ParseLimits = ParseLimits()
  ) throws(ParseFailure) -> Checkpoint {
    try read(source, limits: limits, nesting: 0)
  }

  static func read(
    _ source: any ByteSource, limits: ParseLimits, nesting: Int
  ) throws(ParseFailure) -> Checkpoint {
    let head = try source.bytes(at: 0, count: min(512, source.byteCount))
    if head.starts(with: [0x50, 0x4B, 3, 4]) {
      return try TorchArchive(source, limits: limits).read(nesting: nesting)
    }
    if let stranger = ForeignFile.recognise(head) {
      throw ParseFailure(.unsupported(stranger.description), at: 0, hint: stranger.hint)
    }
    if looksLikeMagicPickle(head) {
      return try LegacyStream(source, limits: limits).read(nesting: nesting)
    }
    if looksLikePickle(head) {
      return try readBarePickle(source, limits: limits, nesting: nesting)
    }
    throw ParseFailure(
      .unsupported("not a PyTorch checkpoint: neither a zip archive nor a pickle"), at: 0)
  }

  /// `80 PP 8A 0A <magic> 2E` in protocols 2 to 5, `L119547037146038801333356L` in 0 and 1.
  private static func looksLikeMagicPickle(_ head: [UInt8]) -> Bool {
    let magic: [UInt8] = [0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19]
    if head.count >= 15, head[0] == 0x80 {
      // Protocols 4 and 5 put a frame of nine bytes in between.
      let body = head[2] == 0x95 ? head.dropFirst(11) : head.dropFirst(2)
      return body.starts(with: [0x8A, 0x0A] + magic)
    }
    return head.starts(with: Array("L119547037146038801333356L\n".utf8))
  }

  private static func looksLikePickle(_ head: [UInt8]) -> Bool {
    guard head.count >= 2 else { return false }
    if head[0] == 0x80, head[1] <= 5 { return true }
    // Protocols 0 and 1 of a dict, a list, a tuple or a class.
    return [0x28, 0x7D, 0x5D, 0x63].contains(head[0]) && Opcode(rawValue: head[1]) != nil
  }

  /// A pickle without a container: arrays inside it, or a nested file.
  private static func readBarePickle(
    _ source: any ByteSource, limits: ParseLimits, nesting: Int
  ) throws(ParseFailure) -> Checkpoint {
    var reader = try ByteReader(source)
    let pickle = try PickleMachine.read(&reader, limits: limits)
    let found = try StateDictWalk.collect(
      pickle, provider: NoStorages(), limits: limits, nesting: nesting)
    return Checkpoint(
      container: .pickle, byteCount: source.byteCount, tensors: found.tensors, globals: mentions(pickle),
      skipped: found.skipped)
  }

  static func mentions(_ pickle: Pickle) -> [Checkpoint.GlobalMention] {
    pickle.globals.map {
      Checkpoint.GlobalMention(name: $0.name, offset: $0.offset, isKnown: TorchTypes.isKnown($0.name))
    }
  }

  private struct NoStorages: StorageProvider {
    func storage(_ reference: StorageReference) throws(ParseFailure) -> Storage {
      throw ParseFailure(.invalid("a bare pickle that refers to storage \(reference.key) outside of itself"))
    }
  }
}
