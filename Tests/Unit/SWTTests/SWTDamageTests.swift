import SWT
import SWTChecksums
import SWTDigests
import TestSupport
import Testing

@Suite struct SWTDamageTests {
  private static func isAccepted(_ bytes: [UInt8]) -> Bool {
    do {
      try SWTFile(bytes: bytes).verify(using: SystemDigests())
      return true
    } catch {
      return false
    }
  }

  @Test func `every flipped bit is detected`() throws {
    var bytes = try Sample.everything().bytes()
    #expect(Self.isAccepted(bytes))
    for i in bytes.indices {
      for bit in 0..<8 {
        bytes[i] ^= 1 << bit
        if Self.isAccepted(bytes) { Issue.record("byte \(i), bit \(bit)") }
        bytes[i] ^= 1 << bit
      }
    }
  }

  @Test func `every truncation and every added byte is detected`() throws {
    let bytes = try Sample.everything().bytes()
    for count in 0..<bytes.count where Self.isAccepted(Array(bytes[..<count])) {
      Issue.record("cut at \(count)")
    }
    #expect(throws: SWTError(.trailingBytes, at: 16)) { try SWTFile(bytes: bytes + [0]) }
    #expect(throws: SWTError(.truncated, at: 16)) { try SWTFile(bytes: Array(bytes.dropLast())) }
    #expect(throws: SWTError(.truncated, at: 0)) { try SWTFile(bytes: []) }
  }

  /// Changes a field and updates all checksums of the index, as a hostile writer would.
  private func rule(_ change: (inout [UInt8], _ section: (String) -> Int) -> Void) throws -> SWTError.Rule? {
    var bytes = try Sample.everything().bytes()
    let sections = try SWTFile(bytes: bytes).sections
    change(&bytes) { kind in sections.first { $0.kind == kind }?.offset ?? 0 }
    func put(_ value: UInt32, _ at: Int) {
      for i in 0..<4 { bytes[at + i] = UInt8(truncatingIfNeeded: value >> UInt32(8 * i)) }
    }
    for (i, section) in sections.enumerated() {
      put(CRC32C.checksum(Array(bytes[section.offset..<section.offset + section.size])), 64 + 32 * i + 28)
    }
    put(CRC32C.checksum(Array(bytes[0..<60] + bytes[64..<64 + 32 * sections.count])), 60)
    do {
      try SWTFile(bytes: bytes).verify(using: SystemDigests())
      return nil
    } catch {
      return error.rule
    }
  }

  @Test func `each invariant has its error`() throws {
    #expect(try rule { _, _ in } == nil)
    #expect(try rule { b, _ in b[0] = 0 } == .magic)
    #expect(try rule { b, _ in b[8] = 2 } == .version)
    #expect(try rule { b, _ in b[12] = 65 } == .headerSize)
    #expect(try rule { b, _ in b[24] ^= 64 } != nil)
    #expect(try rule { b, _ in b[40] = 7 } == .alignment)
    #expect(try rule { b, _ in b[31] = 0x80 } == .dataOffset)
    #expect(try rule { b, _ in b[36] = 65 } == .sectionCount)
    #expect(try rule { b, _ in b[40] = 17 } == .alignment)
    #expect(try rule { b, _ in b[42] = 1 } == .reserved)
    #expect(try rule { b, _ in b[44] = 1 } == .requiredFeature)
    #expect(try rule { b, _ in b[48] = 1 } == nil)
    #expect(try rule { b, _ in b[55] = 1 } == .reserved)
    #expect(try rule { b, _ in b[64] = 0 } == .sectionKind)
    #expect(try rule { b, _ in b[64] = 0x58 } == .unknownCriticalSection)
    #expect(try rule { b, _ in b[64 + 32 * 3] = 0x58 } == nil)
    #expect(try rule { b, _ in for i in 0..<4 { b[96 + i] = b[64 + i] } } == .sectionTwice)
    #expect(try rule { b, _ in b[68] = 0 } == .sectionFlags)
    #expect(try rule { b, _ in b[69] = 1 } == .sectionFlags)
    #expect(try rule { b, _ in b[72] ^= 64 } == .sectionPlace)
    #expect(try rule { b, _ in b[79] = 0x80 } == .sectionPlace)
    #expect(try rule { b, _ in b[88] ^= 1 } == .sectionSize)
    #expect(try rule { b, s in b[s("TENS") + 3] = 0xFF } == .name)
    #expect(try rule { b, s in b[s("TENS") + 6] = 0 } == .dtype)
    #expect(try rule { b, s in b[s("TENS") + 6] = 4 } == .dataLength)
    #expect(try rule { b, s in b[s("TENS") + 7] = 7 } == .rank)
    #expect(try rule { b, s in b[s("TENS") + 8] ^= 1 } == .dataPlace)
    #expect(try rule { b, s in b[s("TENS") + 9] ^= 0x01 } != nil)
    #expect(try rule { b, s in b[s("TENS") + 15] = 0x80 } == .dataBounds)
    #expect(try rule { b, s in b[s("TENS") + 16] ^= 1 } == .dataLength)
    #expect(try rule { b, s in b[s("TENS") + 44] = 1 } == .dimensions)
    #expect(
      try rule { b, s in
        for i in 24..<32 { b[s("TENS") + i] = 0xFF }
      } == .overflow)
    #expect(try rule { b, s in b[s("TENS") + 48] = 0x11 } == .dimOrder)
    #expect(try rule { b, s in b[s("TENS") + 51] = 0x67 } == .dimOrder)
    #expect(try rule { b, s in b[s("TENS") + 52] ^= 1 } == .alias)
    #expect(try rule { b, s in b[s("TENS") + 56] = 1 } == .link)
    #expect(try rule { b, s in b[s("TENS") + 60] = 8 } == .role)
    #expect(try rule { b, s in b[s("TENS") + 61] = 8 } == .flags)
    #expect(try rule { b, s in b[s("TENS") + 64 + 61] = 3 } == .flags)
    #expect(try rule { b, s in b[s("TENS") + 62] = 1 } == .reserved)
    #expect(try rule { b, s in b[s("TENS") + 64 + 56] = 1 } == .alias)
    #expect(try rule { b, s in b[s("BYNM")] = 0 } == .nameOrder)
    #expect(try rule { b, s in b[s("BYNM")] = 99 } == .nameOrder)
    #expect(try rule { b, s in b[s("STRS") + 5] = 0x01 } != nil)
    #expect(try rule { b, s in b[s("META") + 6] = 9 } == .metadata)
    #expect(try rule { b, s in b[s("META") + 3] = 0xFF } == .metadata)
    #expect(try rule { b, s in b[s("QNTZ")] = 4 } == .quantization)
    #expect(try rule { b, s in b[s("QNTZ") + 1] = 2 } == .quantization)
    #expect(try rule { b, s in b[s("DGST")] ^= 1 } == .dataDigest)
    #expect(try rule { b, s in b[s("SRCD") + 8] = 1 } == .sourceDigest)
    #expect(try rule { b, s in b[s("GSET") + 8] = 1 } == .golden)
    #expect(try rule { b, s in b[s("GOLD") + 36] = 0 } == .golden)
    #expect(try rule { b, s in b[s("ERRS") + 1] = 8 } == .receipt)
  }

  /// Random changes with matching checksums: an error or a file, never a trap.
  @Test func `hostile bytes give errors`() throws {
    var noise = Noise(seed: 1)
    for _ in 0..<3000 {
      _ = try rule { b, s in
        let index = s("ERRS")
        for _ in 0..<Int.random(in: 1...4, using: &noise) {
          let value: UInt8 =
            [0, 1, 0x7F, 0x80, 0xFF, UInt8.random(in: 0...255, using: &noise)]
            .randomElement(using: &noise) ?? 0
          b[Int.random(in: 0..<index, using: &noise)] = value
        }
      }
    }
  }

  @Test func `each level detects what it promises`() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("a.swt")
    let bytes = try Sample.everything().bytes()
    try writeFile(path, bytes)
    let whole = try SWTFile(path: path, checking: .strict, digests: SystemDigests())
    let probe = try SWTFile.probe(path: path)
    #expect(probe.tensorCount == whole.tensorCount && probe.byteCount == bytes.count)
    #expect(probe.dataOffset == whole.dataOffset && probe.sections == whole.sections.map(\.kind))

    func levels(_ change: (inout [UInt8]) -> Void) throws -> [Bool] {
      var changed = bytes
      change(&changed)
      try writeFile(path, changed)
      return [(try? SWTFile.probe(path: path)) != nil]
        + SWTCheckLevel.allCases.map { level in
          (try? SWTFile(path: path, checking: level, digests: SystemDigests())) != nil
        }
    }
    #expect(try levels { $0[20] ^= 1 } == [false, false, false, false])
    // A byte of the index, after the section table.
    #expect(try levels { $0[whole.dataOffset - 1] ^= 1 } == [true, false, false, false])
    #expect(try levels { $0[whole.info(0).dataOffset] ^= 1 } == [true, true, false, false])
    #expect(try levels { _ in } == [true, true, true, true])
  }
}
