/// Times of repeated runs, in milliseconds.
struct Latency: Sendable {
  /// Ascending.
  let sorted: [Double]

  /// Calls `body` `warmup` times, then `runs` times with timing; nothing is allocated between two runs.
  init(warmup: Int, runs: Int, _ body: () throws -> Void) rethrows {
    precondition(runs >= 1)
    let clock = ContinuousClock()
    var times = [Double](repeating: 0, count: runs)
    for _ in 0..<warmup { try body() }
    for run in 0..<runs {
      let start = clock.now
      try body()
      times[run] = (clock.now - start) / .milliseconds(1)
    }
    sorted = times.sorted()
  }

  var minimum: Double { sorted[0] }

  /// The middle time, or the mean of the two middle ones.
  var median: Double { (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2 }

  /// The 90th percentile, by nearest rank.
  var p90: Double { sorted[(sorted.count * 9 + 9) / 10 - 1] }
}
