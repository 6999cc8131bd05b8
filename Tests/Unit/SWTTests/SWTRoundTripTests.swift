import SWT
import SWTBytes
import SWTChecksums
import SWTDigests
import TestSupport
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

@Suite struct SWTRoundTripTests {
  private func check(_ sample: Sample, _ file: SWTFile) throws {
    try file.verify(using: SystemDigests())
    #expect(file.tensorCount == sample.contents.tensors.count)
    for (index, spec) in sample.contents.tensors.enumerated() {
      let view = try file.view(named: spec.name)
      #expect(view.info.index == index && file.index(of: spec.name) == index)
      #expect(view.name == spec.name && view.dtype == spec.dtype && view.shape == spec.shape)
      #expect(view.dimOrder == spec.dimOrder ?? Array(spec.shape.indices))
      #expect(view.info.role == spec.role && view.info.quantization == spec.quantization)
      #expect(view.info.dataOffset % file.tensorAlignment == 0)
      #expect(unsafe view.withUnsafeBytes { unsafe Array($0) } == sample.data[index])
      #expect(view.bytes.byteCount == sample.data[index].count)
      #expect(file.digest(index) == SystemDigests().sha256(sample.data[index]))
    }
    #expect(file.index(of: "no such name") == nil)
  }

  @Test(arguments: 0..<40)
  func `random contents survive a round trip`(seed: UInt64) throws {
    let sample = Sample.random(seed)
    let folder = try TemporaryFolder()
    let path = folder.file("a.swt")
    let result = try sample.write(to: path, piece: 7)
    let file = try SWTFile(path: path)
    try check(sample, file)
    let bytes = try readFile(path)
    #expect(result.byteCount == bytes.count && file.byteCount == bytes.count)
    #expect(file.contentID(using: SystemDigests()) == result.contentID)
    #expect(SystemDigests().sha256(Array(bytes[..<file.dataOffset])) == result.contentID)
    #expect(file.tensors.count { $0.aliasOf != nil } == result.aliasCount)
    // Written again in other pieces: the same bytes.
    #expect(try sample.bytes() == bytes)
  }

  @Test func `every section survives a round trip`() throws {
    let sample = Sample.everything()
    let file = try SWTFile(bytes: try sample.bytes())
    try check(sample, file)
    let kinds = ["TENS", "BYNM", "STRS", "META", "QNTZ", "DGST", "SRCD", "GSET", "GOLD", "ERRS"]
    #expect(file.sections.map(\.kind) == kinds)
    #expect(file.info(1).aliasOf == 0 && file.info(0).aliasOf == nil)
    #expect(file.info(1).dataOffset == file.info(0).dataOffset)
    #expect(file.quantization(0) == sample.contents.quantizations[0])
    #expect(file.goldenSets == sample.contents.goldenSets)
    #expect(file.sourceDigests.map(\.name) == ["", "z"])
    #expect(file.receipt(2) == sample.contents.receipts[2] && file.receipt(0) == .untouched)
    #expect(file.metadata.map(\.key) == sample.contents.metadata.keys.sorted())
    for (key, value) in sample.contents.metadata where key != "a.doubles" {
      #expect(file.metadata(key) == value)
    }
    guard case .doubles(let doubles)? = file.metadata("a.doubles") else {
      Issue.record("a.doubles is not there")
      return
    }
    #expect(doubles.count == 2 && doubles[0] == 0.485 && doubles[1].isNaN)
    #expect(file.metadata("none") == nil)
  }

  @Test func `an empty file is valid`() throws {
    try check(Sample(), try SWTFile(bytes: try Sample().bytes()))
  }

  #if os(Linux)
    @Test func `an open file is mapped, not read`() throws {
      let folder = try TemporaryFolder()
      let path = folder.file("mapped.swt")
      try Sample.everything().write(to: path)
      let file = try SWTFile(path: path)
      let maps = String(decoding: try readFile("/proc/self/maps"), as: UTF8.self)
      let line = maps.split(separator: "\n").first { $0.hasSuffix(path) }
      #expect(line?.contains(" r--p ") == true)
      file.prefetch()
      #expect(file.tensorCount == 8)
    }

    @Test func `memory does not grow with the file, and two processes share its pages`() async throws {
      let folder = try TemporaryFolder()
      let path = folder.file("large.swt")
      var sample = Sample()
      sample.add("w", .u8, [32 << 20], [UInt8](repeating: 7, count: 32 << 20))
      try sample.write(to: path, piece: 1 << 20)
      // Opening touches only the index.
      let file = try SWTFile(path: path)
      #expect(try Smaps.of(path).resident < 1 << 20)
      // After reading all of it, its pages are resident, but shared with the page cache; none are private.
      try file.verifyData()
      let whole = try Smaps.of(path)
      #expect(whole.resident >= 32 << 20)
      #expect(whole.dirty == 0)
      // A second process that reads it shares the same pages.
      await #expect(processExitsWith: .success) { [path = path as String] in
        let file = try SWTFile(path: path)
        try file.verifyData()
        guard try Smaps.of(path).shared >= 32 << 20 else { exit(1) }
      }
      #expect(try file.view(named: "w").bytes.byteCount == 32 << 20)
    }

    /// The system's accounting of a file's mappings in this process, in bytes.
    private struct Smaps {
      var resident = 0
      var shared = 0
      var dirty = 0

      static func of(_ path: String) throws -> Smaps {
        var result = Smaps()
        var isInside = false
        for line in String(decoding: try readFile("/proc/self/smaps"), as: UTF8.self).split(separator: "\n") {
          let words = line.split(separator: " ")
          if !words[0].hasSuffix(":") {
            isInside = line.hasSuffix(path)
          } else if isInside, words.count > 1, let size = Int(words[1]) {
            switch words[0] {
            case "Rss:": result.resident += size << 10
            case "Shared_Clean:": result.shared += size << 10
            case "Private_Dirty:", "Shared_Dirty:", "Anonymous:": result.dirty += size << 10
            default: break
            }
          }
        }
        return result
      }
    }

    @Test func `a full disk leaves the old file unchanged`() async {
      await #expect(processExitsWith: .success) {
        let folder = try TemporaryFolder()
        let path = folder.file("a.swt")
        try writeFile(path, [1, 2, 3])
        var limit = rlimit(rlim_cur: 1000, rlim_max: 1000)
        signal(SIGXFSZ, SIG_IGN)
        guard unsafe setrlimit(__rlimit_resource_t(1), &limit) == 0 else { exit(1) }
        do {
          try Sample.everything().write(to: path)
          exit(2)
        } catch let error as SWTWriteError {
          guard case .file(let failure) = error, case .system(let cause) = failure.reason, cause.code == EFBIG
          else { exit(3) }
        }
        guard try readFile(path) == [1, 2, 3] else { exit(4) }
      }
    }
  #endif

  @Test func `tensors may be read from several threads`() async throws {
    let file = try SWTFile(bytes: try Sample.random(3).bytes())
    try await withThrowingTaskGroup(of: Void.self) { group in
      for _ in 0..<8 { group.addTask { try file.verifyData() } }
      try await group.waitForAll()
    }
  }

  @Test func `contents that violate a rule are refused and leave nothing behind`() throws {
    func rule(_ change: (inout Sample) -> Void) throws -> SWTError.Rule? {
      var sample = Sample.everything()
      change(&sample)
      let folder = try TemporaryFolder()
      let path = folder.file("a.swt")
      do {
        try sample.write(to: path)
      } catch let error as SWTWriteError {
        #expect(throws: ParseFailure.self) { try MappedFile(path: path) }
        guard case .contents(let cause) = error else { return nil }
        return cause.rule
      }
      return nil
    }
    #expect(try rule { $0.contents.tensors[1].name = "b" } == .nameOrder)
    #expect(try rule { $0.contents.tensors[1].name = "" } == .name)
    #expect(try rule { $0.contents.tensors[1].name = "a\u{0}" } == .name)
    #expect(try rule { $0.contents.tensors[4].shape = [0, 1, 1, 1, 1, 1, 1] } == .rank)
    #expect(try rule { $0.contents.tensors[4].shape = [1 << 32] } == .overflow)
    #expect(try rule { $0.contents.tensors[4].shape = [1 << 31, 1 << 31] } == .overflow)
    #expect(try rule { $0.contents.tensors[7].dimOrder = [0, 0, 1, 2] } == .dimOrder)
    #expect(try rule { $0.contents.metadata["Bad Key"] = .bool(true) } == .metadata)
    #expect(try rule { $0.contents.quantizations[0].scaleTensor = 0 } == .quantization)
    #expect(try rule { $0.contents.goldenSets[0].vectors[0].expectedTensor = 0 } == .golden)
    #expect(try rule { $0.contents.receipts.removeLast() } == .receipt)
    #expect(try rule { $0.contents.dataAlignmentLog2 = 17 } == .alignment)
    #expect(try rule { $0.data[0][0] ^= 1 } == .dataDigest)
  }
}
