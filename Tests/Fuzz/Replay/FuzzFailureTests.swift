import FuzzTargets
import TestSupport
import Testing

#if canImport(Darwin)
  import Darwin
#elseif canImport(Glibc)
  import Glibc
#endif

/// Inputs that once crashed, hung or misled a reader, and one small input per class of attack.
@Suite struct FuzzFailureTests {
  struct Input: Sendable, CustomTestStringConvertible {
    let target: FuzzTarget
    let path: String
    var testDescription: String { path.split(separator: "/").suffix(2).joined(separator: "/") }
  }

  static let inputs: [Input] = FuzzTarget.allCases.flatMap { target in
    names(in: "\(folder)/\(target.rawValue)").map {
      Input(target: target, path: "\(folder)/\(target.rawValue)/\($0)")
    }
  }

  private static let folder: String = {
    let parts = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(2)
    return parts.joined(separator: "/") + "/Failures"
  }()

  private static func names(in folder: String) -> [String] {
    guard let stream = unsafe opendir(folder) else { return [] }
    defer { unsafe closedir(stream) }
    var names: [String] = []
    while let entry = unsafe readdir(stream) {
      let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) { raw in
        unsafe String(decoding: raw.prefix { $0 != 0 }, as: UTF8.self)
      }
      if !name.hasPrefix(".") { names.append(name) }
    }
    return names.sorted()
  }

  @Test func `there are inputs to replay`() { #expect(Self.inputs.count >= 10) }

  @Test(arguments: inputs)
  func `a past failure is now an error or a result`(input: Input) throws {
    input.target.run(try readFile(input.path))
  }

  @Test(arguments: FuzzTarget.EvidenceRecord.allCases)
  func `changed records about a network are an error or a result`(record: FuzzTarget.EvidenceRecord) throws {
    let original = record.original
    #expect(original.count > 100)
    var random = Noise(seed: 18)
    for round in 0..<120 {
      var bytes = original
      for _ in 0..<(1 + round % 4) {
        bytes[Int.random(in: 1..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
      }
      if round.isMultiple(of: 10) { bytes.removeLast(Int.random(in: 1..<bytes.count, using: &random)) }
      FuzzTarget.evidence.run(bytes)
    }
  }

  @Test func `the mutator preserves unchanged opcodes and never fails`() {
    let pickle = PickleBuilder().tensor(count: 64, size: [4, 4], stride: [4, 1]).stop()
    for seed in 0..<2000 {
      var mutator = PickleMutator(seed: UInt32(seed))
      FuzzTarget.pickle.run(mutator.mutate(pickle))
    }
  }
}
