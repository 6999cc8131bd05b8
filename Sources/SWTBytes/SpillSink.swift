/// Collects bytes whose number is not known: the first megabyte in memory, more in an unlinked temporary file.
package struct SpillSink {
  private static let memoryLimit = 1 << 20

  private var memory: [UInt8] = []
  private var file: TemporarySpill?
  package private(set) var count = 0

  package init() {}

  /// Takes the first `count` of `bytes`.
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

  /// What was collected.
  package consuming func finish() throws(ParseFailure) -> any ByteSource {
    if let file { return try file.finish() }
    return MemorySource(memory)
  }
}
