internal import SWTBytes
internal import SWTPlatform
internal import SWTThreads
internal import Synchronization

/// Progress of a long operation: a bar on a terminal, lines elsewhere if requested.
///
/// Nothing is shown during the first second, so short operations stay silent. Everything goes to standard
/// error.
package final class ProgressBar: Sendable {
  /// The values of `--progress`.
  package enum When: String, CaseIterable, Sendable {
    case auto, always, never
  }

  /// How progress is shown.
  package enum Style: Equatable, Sendable {
    case bar
    /// One line per interval, in seconds.
    case lines(every: Double)
  }

  /// What is shown.
  package struct State: Sendable {
    /// Completed fraction, 0...1.
    var fraction: Double
    /// Bytes of input: done, and in total.
    var done: Int
    var total: Int
    /// `3 of 12 files`, or empty.
    var note: String

    /// What is counted instead of bytes; nil for bytes.
    var unit: String?

    package init(fraction: Double, done: Int, total: Int, note: String = "") {
      (self.fraction, self.done, self.total, self.note) = (fraction, done, total, note)
    }

    /// Things that are counted, such as pictures.
    package init(counting done: Int, of total: Int, _ unit: String) {
      self.init(fraction: total > 0 ? Double(done) / Double(total) : 1, done: done, total: total)
      self.unit = unit
    }
  }

  private let console: Console
  private let style: Style
  private let state: @Sendable () -> State
  private let start = ContinuousClock().now
  private let drawing = Mutex(Drawing())

  private struct Drawing {
    var isOver = false
    var isShown = false
    var nextLine = 1.0
  }

  /// How to show progress; nil for not at all.
  ///
  /// `auto`: a bar on a terminal; a line every ten seconds if CI is set; otherwise nothing.
  package static func style(_ when: When, quiet: Bool, _ console: Console) -> Style? {
    let mayDraw = console.isErrorTerminal && Console.variable("TERM") != "dumb"
    switch when {
    case .never: return nil
    case .always: return mayDraw ? .bar : .lines(every: 1)
    case .auto:
      if quiet { return nil }
      if mayDraw { return .bar }
      return Console.variable("CI").map { $0.isEmpty } == false ? .lines(every: 10) : nil
    }
  }

  /// Starts showing what `state` returns.
  package init(_ style: Style, _ console: Console, _ state: @escaping @Sendable () -> State) {
    self.console = console
    self.style = style
    self.state = state
    if style == .bar { Signals.atInterrupt { [self] in end() } }
    // The thread checks ten times a second whether to stop; nothing waits for it.
    _ = Background { [self] in run() }
  }

  /// Removes the bar; nothing is drawn afterwards.
  package func end() {
    drawing.withLock { drawing in
      drawing.isOver = true
      clear(&drawing)
    }
  }

  /// Removes the bar, after which an interrupt has nothing to clean up.
  package func finish() {
    end()
    Signals.atInterrupt(nil)
  }

  /// Writes other output above the bar.
  package func above(_ body: () -> Void) {
    drawing.withLock { drawing in
      clear(&drawing)
      body()
    }
  }

  private func run() {
    while true {
      usleep(100_000)
      let isOver = drawing.withLock { drawing in
        if !drawing.isOver { draw(&drawing) }
        return drawing.isOver
      }
      if isOver { return }
    }
  }

  private func draw(_ drawing: inout Drawing) {
    let seconds = (ContinuousClock().now - start) / .seconds(1)
    guard seconds >= 1 else { return }
    let state = state()
    switch style {
    case .bar:
      console.noteRaw("\r\(Self.text(state, seconds, barWidth: 24))\u{1B}[K")
      drawing.isShown = true
    case .lines(let interval):
      guard seconds >= drawing.nextLine else { return }
      drawing.nextLine = seconds + interval
      console.note(Self.text(state, seconds, barWidth: 0))
    }
  }

  private func clear(_ drawing: inout Drawing) {
    if drawing.isShown { console.noteRaw("\r\u{1B}[K") }
    drawing.isShown = false
  }

  /// `[######......]  50 %  1.2 of 2.4 GB  300 MB/s  4 s left  3 of 12 files`.
  package static func text(_ state: State, _ seconds: Double, barWidth: Int) -> String {
    let fraction = min(max(state.fraction, 0), 1)
    let filled = Int(fraction * Double(barWidth))
    var parts: [String] = []
    if barWidth > 0 {
      parts.append(
        "[" + String(repeating: "#", count: filled) + String(repeating: ".", count: barWidth - filled) + "]")
    }
    let percent = String(Int(fraction * 100))
    parts.append(String(repeating: " ", count: 3 - percent.count) + "\(percent) %")
    if let unit = state.unit {
      parts.append("\(Text.grouped(state.done)) of \(Text.grouped(state.total)) \(unit)")
      if seconds > 0 { parts.append("\(Text.fixed(Double(state.done) / seconds, 1))/s") }
    } else if state.total > 0 {
      parts.append("\(Text.bytes(state.done)) of \(Text.bytes(state.total))")
      if seconds > 0 { parts.append("\(Text.bytes(Int(Double(state.done) / seconds)))/s") }
    }
    if fraction > 0.01 { parts.append("\(duration(seconds * (1 - fraction) / fraction)) left") }
    if !state.note.isEmpty { parts.append(state.note) }
    return parts.joined(separator: "  ")
  }

  /// `8 s`, `2 min 05 s`, `1 h 02 min`.
  private static func duration(_ seconds: Double) -> String {
    let whole = Int(min(seconds, 1e6).rounded(.up))
    func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
    if whole < 60 { return "\(whole) s" }
    if whole < 3600 { return "\(whole / 60) min \(two(whole % 60)) s" }
    return "\(whole / 3600) h \(two(whole / 60 % 60)) min"
  }
}

extension Arguments {
  /// The value of `--progress`.
  package func progress() throws(UsageError) -> ProgressBar.When {
    ProgressBar.When(
      rawValue: try choice("progress", ProgressBar.When.allCases.map(\.rawValue), default: "auto")) ?? .auto
  }
}
