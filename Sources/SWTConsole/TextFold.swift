extension Text {
  /// `text` with every line broken so that it fits `columns`, for a terminal.
  ///
  /// A cell of a table (text between gaps of two or more spaces) moves to the next line as a whole if it is
  /// short. The following lines of a sentence start below its first word, those of a table row two columns
  /// further in than the row. A word wider than a line, such as a path, stays whole.
  package static func folded(_ text: String, _ columns: Int) -> String {
    guard text.utf8.count > columns else { return text }
    return text.split(separator: "\n", omittingEmptySubsequences: false)
      .map { $0.utf8.count <= columns ? String($0) : foldedLine($0, columns) }.joined(separator: "\n")
  }

  private static func foldedLine(_ line: Substring, _ columns: Int) -> String {
    guard visibleWidth(line) > columns else { return String(line) }
    let indent = line.prefix { $0 == " " }
    let cells = cells(of: line.dropFirst(indent.count))
    var hanging = String(repeating: " ", count: indent.count + 2)
    if cells.count == 2 {
      // A label and its text.
      let start = indent.count + visibleWidth(cells[0].text) + cells[1].gap.count
      let longest = cells[1].text.split(separator: " ").map(visibleWidth).max() ?? 0
      if start <= columns / 3, start + longest <= columns { hanging = String(repeating: " ", count: start) }
    }
    var lines: [String] = []
    var current = String(indent)
    var used = indent.count
    func put(_ word: Substring, _ width: Int, after gap: Int) {
      let isStart = used == (lines.isEmpty ? indent.count : hanging.utf8.count)
      if !isStart, used + gap + width > columns {
        while current.last == " " { current.removeLast() }
        lines.append(current)
        current = hanging + word
        used = hanging.utf8.count + width
      } else {
        current += String(repeating: " ", count: gap) + word
        used += gap + width
      }
    }
    for cell in cells {
      let width = visibleWidth(cell.text)
      if width <= columns - hanging.utf8.count, cells.count > 2 || width <= columns / 2 {
        put(cell.text, width, after: cell.gap.count)
        continue
      }
      var gap = cell.gap.count
      for word in cell.text.split(separator: " ") {
        put(word, visibleWidth(word), after: gap)
        gap = 1
      }
    }
    while current.last == " " { current.removeLast() }
    return (lines + [current]).joined(separator: "\n")
  }

  /// The cells of a line, each with the spaces before it.
  private static func cells(of line: Substring) -> [(gap: Substring, text: Substring)] {
    var cells: [(gap: Substring, text: Substring)] = []
    var rest = line
    while !rest.isEmpty {
      let gap = rest.prefix { $0 == " " }
      rest = rest.dropFirst(gap.count)
      var end = rest.startIndex
      while end < rest.endIndex {
        let next = rest.index(after: end)
        if rest[end] == " ", next == rest.endIndex || rest[next] == " " { break }
        end = next
      }
      if end > rest.startIndex { cells.append((gap, rest[..<end])) }
      rest = rest[end...]
    }
    return cells
  }

  /// The width without the console's own color codes.
  private static func visibleWidth(_ text: Substring) -> Int {
    guard text.utf8.contains(0x1B) else { return width(text) }
    var (total, isCode) = (0, false)
    for scalar in text.unicodeScalars {
      if scalar == "\u{1B}" { isCode = true }
      if !isCode { total += width(String(scalar)) }
      if isCode, scalar == "m" { isCode = false }
    }
    return total
  }
}
