/// When a buffer of the plan is in use, so that buffers that never live together can share memory.
struct Lifetime: Hashable, Sendable {
  /// Size in floats.
  var count: Int
  /// First and last step that touch it.
  var first = Int.max
  var last = -1

  init(count: Int) { self.count = count }

  mutating func use(at step: Int) {
    first = min(first, step)
    last = max(last, step)
  }

  /// An offset for each buffer such that buffers in use at the same step do not overlap.
  ///
  /// Largest first, each at the lowest offset where it fits: within a few percent of the optimum for the
  /// chains and short forks of residual networks.
  static func place(_ buffers: [Lifetime]) -> (offsets: [Int], count: Int) {
    var offsets = [Int](repeating: 0, count: buffers.count)
    var placed: [Int] = []
    var total = 0
    for index in buffers.indices.sorted(by: { (buffers[$0].count, $1) > (buffers[$1].count, $0) }) {
      let buffer = buffers[index]
      let rivals = placed.filter { buffers[$0].first <= buffer.last && buffer.first <= buffers[$0].last }
        .sorted { offsets[$0] < offsets[$1] }
      var offset = 0
      for rival in rivals where offset + buffer.count > offsets[rival] {
        offset = max(offset, (offsets[rival] + buffers[rival].count + 15) / 16 * 16)
      }
      offsets[index] = offset
      placed.append(index)
      total = max(total, offset + buffer.count)
    }
    return (offsets, total)
  }
}
