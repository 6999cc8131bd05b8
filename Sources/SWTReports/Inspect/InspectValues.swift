internal import SWT
internal import SWTBytes
package import SWTConsole
package import SWTInputs
internal import Synchronization

extension InspectReport {
  /// Reads all values and computes their statistics.
  ///
  /// - Parameters:
  ///   - threads: Number of threads.
  ///   - progress: How to show progress; nil for not at all.
  ///   - console: Where to show it.
  /// - Throws: ``InputFailure`` if values cannot be read.
  package mutating func readValues(
    threads: Int, progress: ProgressBar.Style?, _ console: Console
  ) throws(InputFailure) {
    var names: Set<ExactString> = []
    var total = 0
    for index in 0..<tensorCount {
      let tensor = tensor(index)
      names.insert(ExactString(tensor.name))
      total &+= min(tensor.byteCount, 1 << 50)
    }
    var items: [ValueSurvey.Item?] = []
    for index in 0..<tensorCount {
      let tensor = tensor(index)
      switch values(index) {
      case .readable(let values):
        let rule = ChannelFindings.Rule(
          name: tensor.name, shape: tensor.shape, role: roles[tensor.name],
          hasTensor: { names.contains(ExactString($0)) })
        items.append(ValueSurvey.Item(values, rule))
      case .refused(let reason):
        items.append(nil)
        if let reason { skipped.append((tensor.name, "values not read: \(reason)")) }
      }
    }
    let done = Atomic(0)
    let bytes = total
    let bar = progress.map { style in
      ProgressBar(style, console) {
        let now = done.load(ordering: .relaxed)
        return .init(fraction: Double(now) / Double(max(bytes, 1)), done: now, total: bytes)
      }
    }
    defer { bar?.finish() }
    do {
      statistics = try ValueSurvey.run(items, threads: threads) { done.wrappingAdd($0, ordering: .relaxed) }
    } catch {
      throw InputFailure(path, any: error)
    }
  }
}
