internal import SWTBytes

/// Raw bytes in a pickle, in the forms of all protocols.
extension PickleText {
  /// The bytes of a value: `bytes`, Python 2's `str`, `bytearray(…)`, or `_codecs.encode(text, "latin1")`, as
  /// protocol 2 writes `bytes`.
  ///
  /// - Returns: Nil if the value is none of these.
  static func rawData(_ arena: PickleArena, _ id: NodeID) throws(ParseFailure) -> (any ByteSource)? {
    if let bytes = try plainData(arena, id) { return bytes }
    guard let object = arena.object(id), let arguments = arena.fewElements(object.arguments),
      let callable = arena.global(object.callable)?.canonical,
      callable == "builtins.bytearray" || callable == "builtins.bytes"
    else { return nil }
    guard let first = arguments.first else { return MemorySource([]) }
    // bytearray(text, "latin-1") in protocols 0 to 2, bytearray(bytes) in 3 and 4.
    if arguments.count == 2, arena.kind(first) == .text, let text = try arena.byteSource(first) {
      return try latin1(text)
    }
    return try plainData(arena, first)
  }

  /// A string, or text encoded as Latin-1.
  private static func plainData(
    _ arena: PickleArena, _ id: NodeID
  ) throws(ParseFailure) -> (any ByteSource)? {
    if let bytes = try arena.byteSource(id) { return bytes }
    guard let object = arena.object(id), arena.global(object.callable)?.canonical == "_codecs.encode",
      let text = arena.firstElement(object.arguments), arena.kind(text) == .text,
      let bytes = try arena.byteSource(text)
    else { return nil }
    return try latin1(bytes)
  }

  /// The bytes of a UTF-8 text whose characters are all below 256.
  ///
  /// Only counted here; decoded on first read.
  private static func latin1(_ text: any ByteSource) throws(ParseFailure) -> any ByteSource {
    var count = 0
    var isASCII = true
    try text.forEachPiece { piece throws(ParseFailure) in
      // Each character has exactly one byte that is not a continuation byte.
      for byte in piece where byte & 0xC0 != 0x80 { count += 1 }
      isASCII = isASCII && piece.allSatisfy { $0 < 0x80 }
    }
    if isASCII { return text }
    return LazySource(byteCount: count) { () throws(ParseFailure) in
      var sink = SpillSink()
      var lead: UInt8 = 0
      try text.forEachPiece { piece throws(ParseFailure) in
        var bytes: [UInt8] = []
        bytes.reserveCapacity(piece.count)
        for byte in piece {
          switch (lead, byte) {
          case (0, ..<0x80): bytes.append(byte)
          case (0, 0xC2), (0, 0xC3): lead = byte
          case (0xC2, 0x80..<0xC0), (0xC3, 0x80..<0xC0):
            bytes.append((lead & 3) << 6 | byte & 0x3F)
            lead = 0
          default: throw ParseFailure(.invalid("the text of a byte string is not Latin-1"))
          }
        }
        try sink.append(bytes, bytes.count)
      }
      guard lead == 0 else { throw ParseFailure(.invalid("the text of a byte string is not Latin-1")) }
      return try sink.finish()
    }
  }
}
