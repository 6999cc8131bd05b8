internal import SWTBytes

/// A pickle without a container: contains arrays itself, or whole files in its byte strings.
enum BarePickle {
  /// Whether the first bytes can only be the start of a pickle.
  static func recognizes(_ head: [UInt8]) -> Bool {
    guard let first = head.first.flatMap(Opcode.init) else { return false }
    switch first {
    case .PROTO: return head.count >= 2 && head[1] <= 5
    case .GLOBAL: return beginsWithGlobal(head)
    // Protocols 0 and 1 have no header: they start with a container, a class or a reference.
    case .MARK, .EMPTY_DICT, .EMPTY_LIST, .EMPTY_TUPLE, .EMPTY_SET:
      return head.count >= 2 && Opcode(rawValue: head[1]) != nil
    case .INT, .LONG, .FLOAT, .STRING, .UNICODE:
      // A single value: one line, then a valid opcode.
      guard let end = head.firstIndex(of: 0x0A) else { return false }
      return end + 1 < head.count && Opcode(rawValue: head[end + 1]) != nil
    default: return false
    }
  }

  /// Whether GLOBAL is followed by a module and a name: two lines of letters, digits, dots and underscores.
  private static func beginsWithGlobal(_ head: [UInt8]) -> Bool {
    let lines = head.dropFirst().split(separator: 0x0A, maxSplits: 2, omittingEmptySubsequences: false)
    guard lines.count == 3 else { return false }
    return lines.prefix(2).allSatisfy { line in
      !line.isEmpty
        && line.allSatisfy { byte in
          byte == 0x2E || byte == 0x5F || (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte & 0xDF)
        }
    }
  }

  static func read(
    _ source: any ByteSource, limits: ParseLimits, nesting: Int
  ) throws(ParseFailure) -> Checkpoint {
    var reader = try ByteReader(source)
    let pickle = try PickleMachine.read(&reader, limits: limits)
    var checkpoint = Checkpoint(container: .pickle, byteCount: source.byteCount)
    try checkpoint.add(pickle, NoStorages(), limits: limits, nesting: nesting)
    if reader.remaining > 0 {
      checkpoint.skip("", "\(reader.remaining) bytes after the pickle, which nothing refers to")
    }
    return checkpoint
  }

  private struct NoStorages: StorageProvider {
    func storage(_ reference: StorageReference) throws(ParseFailure) -> Storage {
      throw ParseFailure(
        .invalid("the pickle refers to storage \(reference.key), but there is no container with storages"))
    }
  }
}
