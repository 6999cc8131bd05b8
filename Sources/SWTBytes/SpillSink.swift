/// Collects bytes of unknown total size: up to 1 MiB in memory, more in an unlinked temporary file.
package struct SpillSink {
  private static let memoryLimit = 1 << 20

  private var memory: [UInt8] = []
  private var file: TemporarySpill?
  package private(set) var count = 0

  package init() {}

  /// Appends the first `count` bytes of `bytes`.
  package mutating func append(_ bytes: [UInt8], _ count: Int) throws(ParseFailure) {
    self.count += count
    if let file { return try file.append(bytes, count) }
    guard memory.count + count > Self.memoryLimit else {
      memory += bytes[..<count]
      return
    }
    let made = try TemporarySpill()
    try made.append(memory, memory.count)
    try made.append(bytes, count)
    memory = []
    file = made
  }

  /// The collected bytes.
  package consuming func finish() throws(ParseFailure) -> any ByteSource {
    if let file { return try file.finish() }
    return MemorySource(memory)
  }
}
