extension Text {
  /// `text` broken at spaces into lines of at most `columns`.
  ///
  /// The first line starts with `first`, each other with `hanging`. A word wider than a line stays whole.
  package static func wrapped(
    _ text: String, _ columns: Int, first: String = "", hanging: String = ""
  ) -> String {
    var lines: [String] = []
    var line = first
    var isEmpty = true
    for word in text.split(separator: " ") {
      if isEmpty {
        line += word
      } else if width(line) + 1 + width(word) <= columns {
        line += " " + word
      } else {
        lines.append(line)
        line = hanging + word
      }
      isEmpty = false
    }
    return (lines + [line]).joined(separator: "\n")
  }
}
