import CKernels
import Testing

@Suite struct PeakTests {
  static let kinds: [p2s_peak_kind] = [.P2S_PEAK_F32, .P2S_PEAK_BF16, .P2S_PEAK_I8]

  /// A table, aligned as the header asks.
  private static func withTable<Result>(
    _ kind: p2s_peak_kind, _ body: (UnsafeMutableRawPointer) -> Result
  ) -> Result {
    let table = UnsafeMutableRawPointer.allocate(byteCount: 4 * Int(P2S_PEAK_TABLE), alignment: 64)
    defer { unsafe table.deallocate() }
    unsafe p2s_peak_fill(kind, table)
    return unsafe body(table)
  }

  @Test(arguments: p2s_isa.supported, kinds)
  func `sums stay finite and depend on every round`(isa: p2s_isa, kind: p2s_peak_kind) {
    let count = p2s_peak_multiply_adds(isa, kind)
    if kind == .P2S_PEAK_F32 { #expect(count > 0) }
    unsafe Self.withTable(kind) { table in
      #expect(unsafe p2s_peak(isa, kind, table, 0) == 0)
      let sums = (1...4).map { rounds in unsafe p2s_peak(isa, kind, table, rounds) }
      #expect(Set(sums).count == (count > 0 ? 4 : 1))
      #expect(unsafe p2s_peak(isa, kind, table, 1_000_000).isFinite)
    }
  }

  @Test func `the operands are finite, below 1 and of both signs`() {
    unsafe Self.withTable(.P2S_PEAK_F32) { table in
      let values = unsafe UnsafeBufferPointer(
        start: table.assumingMemoryBound(to: Float.self), count: Int(P2S_PEAK_TABLE))
      #expect(unsafe values.allSatisfy { abs($0) <= 1 })
      #expect(unsafe values.filter { $0 < 0 }.count > values.count / 3)
      #expect(unsafe values.filter { $0 > 0 }.count > values.count / 3)
    }
    unsafe Self.withTable(.P2S_PEAK_BF16) { table in
      let halves = unsafe UnsafeBufferPointer(
        start: table.assumingMemoryBound(to: UInt16.self), count: 2 * Int(P2S_PEAK_TABLE))
      #expect(unsafe halves.allSatisfy { abs(Float(bitPattern: UInt32($0) << 16)) <= 1 })
    }
  }

  @Test func `one that is not supported gives nothing`() {
    #expect(p2s_peak_multiply_adds(.P2S_ISA_PORTABLE, .P2S_PEAK_BF16) == 0)
    #expect(p2s_peak_multiply_adds(.P2S_ISA_AVX2, .P2S_PEAK_I8) == 0)
  }
}
