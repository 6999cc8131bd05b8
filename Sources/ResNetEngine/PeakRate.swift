internal import CKernels
public import SWTThreads

/// The fastest that this processor multiplies and adds, measured; what a kernel's speed is a percentage of.
public enum PeakRate {
  /// 10⁹ operations a second of all threads together, two for each multiply-add; `nil` where the processor
  /// has no such instruction.
  ///
  /// The best of many pieces of work of about 0.1 ms for each thread, in registers and with random operands
  /// (the clock is higher with constant ones). bfloat16 comes in pairs, 8-bit integers in fours, both in
  /// tiles with AMX. Takes about 50 ms, during which a sleeping processor wakes.
  public static func measure(
    _ precision: ComputePrecision = .f32, _ instructions: InstructionSet, threads: ThreadPool
  ) -> Double? {
    let kind: p2s_peak_kind =
      switch precision {
      case .f32: .P2S_PEAK_F32
      case .bf16: .P2S_PEAK_BF16
      case .i8: .P2S_PEAK_I8
      }
    let round = p2s_peak_multiply_adds(instructions.kernelValue, kind)
    if round == 0 { return nil }
    let table = FloatStorage(count: Int(P2S_PEAK_TABLE))
    unsafe p2s_peak_fill(kind, table.base)

    let clock = ContinuousClock()
    // More units than threads: one that starts late delays the end by a unit at most.
    let units = 8 * threads.count
    // A round of tiles is a thousand times one of vectors.
    let rounds = (round < 1 << 15 ? 1 << 23 : 1 << 27) / round
    var best = Duration.seconds(3600)
    let start = clock.now
    repeat {
      let before = clock.now
      threads.forEach(units) { _ in
        _ = unsafe p2s_peak(instructions.kernelValue, kind, table.base, rounds)
      }
      best = min(best, clock.now - before)
    } while clock.now - start < .milliseconds(50)
    return 2 * Double(units) * Double(rounds) * Double(round) / (best / .nanoseconds(1))
  }
}
