extension Text {
  /// Approximate number of terminal columns of a text: two for East Asian wide characters and emoji, zero for
  /// combining marks.
  package static func width(_ text: some StringProtocol) -> Int {
    text.unicodeScalars.reduce(0) { $0 + width($1) }
  }

  private static func width(_ scalar: Unicode.Scalar) -> Int {
    if scalar.value < 0x300 { return 1 }
    switch scalar.properties.generalCategory {
    case .nonspacingMark, .enclosingMark: return 0
    default: break
    }
    switch scalar.value {
    case 0x1100...0x115F, 0x2E80...0xA4CF, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F, 0xFF00...0xFF60,
      0xFFE0...0xFFE6, 0x1F300...0x1F64F, 0x1F900...0x1F9FF, 0x20000...0x3FFFD:
      return 2
    default: return 1
    }
  }

  /// Text from a file, safe to print and at most `columns` wide; the middle is omitted if necessary, since
  /// names differ at their ends.
  package static func fitted(_ text: some StringProtocol, _ columns: Int) -> String {
    let scalars = text.unicodeScalars
    // Combining marks take no columns, so a million of them would fit.
    let most = 4 * max(columns, 1)
    let (start, end) = (scalars.prefix(most), scalars.suffix(most))
    let isShort = scalars.dropFirst(most).isEmpty
    if isShort {
      let shown = printable(String(text), limit: .max)
      if width(shown) <= columns, shown.unicodeScalars.dropFirst(most).isEmpty { return shown }
    }
    let room = max(columns - 1, 0)
    let tail = room * 3 / 5
    return filled(start.map(shown), room - tail) + "…"
      + filled(end.reversed().map(shown), tail, isReversed: true)
  }

  /// Like ``fitted(_:_:)``, but the end is omitted.
  package static func shortened(_ text: some StringProtocol, _ columns: Int) -> String {
    let scalars = text.unicodeScalars
    let start = scalars.prefix(4 * max(columns, 1)).map(shown)
    let whole = start.joined()
    if scalars.count == start.count, width(whole) <= columns { return whole }
    return filled(start, max(columns - 1, 0)) + "…"
  }

  private static func shown(_ scalar: Unicode.Scalar) -> String { printable(String(scalar)) }

  /// As many of the pieces as fit.
  private static func filled(_ pieces: [String], _ room: Int, isReversed: Bool = false) -> String {
    var taken: [String] = []
    var used = 0
    for piece in pieces {
      let size = max(width(piece), 1)
      guard used + size <= room else { break }
      used += size
      taken.append(piece)
    }
    return (isReversed ? taken.reversed() : taken).joined()
  }
}

extension Text {
  /// `3, 4, 0, 1`: a flat row-major index as an index per axis of `shape`.
  package static func place(_ index: Int, in shape: [Int]) -> String {
    var rest = index
    var parts: [Int] = []
    for size in shape.reversed() {
      parts.append(rest % max(size, 1))
      rest /= max(size, 1)
    }
    return parts.reversed().map(String.init).joined(separator: ", ")
  }
}
