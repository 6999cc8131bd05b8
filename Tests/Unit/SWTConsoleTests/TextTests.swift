import SWTConsole
import TestSupport
import Testing

/// Numbers, names and tables as people read them on a terminal.
@Suite struct TextTests {
  /// Words are never lost, and only a single word may be wider than the line.
  @Test(arguments: [
    ("short", "short"),
    ("  note  one two three four five six", "  note  one two three four\n        five six"),
    ("  row  1.0  2.0  3.0  pass (reduced)", "  row  1.0  2.0  3.0\n    pass (reduced)"),
    ("a plain sentence of several words\nx", "a plain sentence of several\n  words\nx"),
    ("/a/path/wider/than/thirty/columns and", "/a/path/wider/than/thirty/columns\n  and"),
    ("  id  0123456789012345678901234", "  id\n    0123456789012345678901234"),
    ("\u{1B}[31mFAIL\u{1B}[0m in twenty-six columns", "\u{1B}[31mFAIL\u{1B}[0m in twenty-six columns"),
  ])
  func `a line that is too wide is folded`(text: String, folded: String) {
    #expect(Text.folded(text, 30) == folded)
  }

  @Test(arguments: [
    (0, "0"), (999, "999"), (1000, "1,000"), (-1_234_567, "-1,234,567"),
    (Int.min, "-9,223,372,036,854,775,808"),
  ])
  func `digits are grouped by thousands`(value: Int, text: String) { #expect(Text.grouped(value) == text) }

  /// As `printf("%.*f")`, whose ties go to even; without a sign of zero.
  @Test(arguments: [
    (0.125, 2, "0.12"), (0.375, 2, "0.38"), (-0.004, 2, "0.00"), (1e17, 0, "100000000000000000"),
    (9.999, 1, "10.0"),
    (-1.5, 0, "-2"), (.infinity, 1, "inf"), (-.infinity, 3, "-inf"), (.nan, 2, "nan"), (1e19, 1, "1.0e+19"),
  ])
  func `fixed decimals are rounded, ties to even`(value: Double, decimals: Int, text: String) {
    #expect(Text.fixed(value, decimals) == text)
  }

  @Test(arguments: [
    (0, "0"), (1, "1.0e+00"), (-0.00123, "-1.2e-03"), (9.96e5, "1.0e+06"), (1e-300, "1.0e-300"),
    (.leastNonzeroMagnitude, "4.9e-324"),
    (1.7e308, "1.7e+308"), (.nan, "nan"), (-.infinity, "-inf"),
  ])
  func `scientific numbers have two digits and a power`(value: Double, text: String) {
    #expect(Text.scientific(value) == text)
  }

  @Test(arguments: [
    (0, "0 B"), (999, "999 B"), (1000, "1.00 kB"), (12_345, "12.3 kB"), (102_000_000, "102.0 MB"),
    (Int.max, "9223372.0 TB"),
  ])
  func `sizes have the largest unit that fits`(count: Int, text: String) {
    #expect(Text.bytes(count) == text)
  }

  @Test func `tables align numbers right and leave no blanks at ends`() {
    let table = Text.table(
      [["name", ">size", "note"], ["a", "1,000", ""], ["größe", "7", "x"]], indent: "  ")
    #expect(table == "  name    size  note\n  a      1,000\n  größe      7  x\n")
    #expect(Text.table([]) == "")
  }

  @Test func `what a terminal would obey is shown and not sent`() {
    #expect(Text.printable("a\u{1B}[31m\n\u{202E}\u{85}") == "a\\u{1b}[31m\\u{a}\\u{202e}\\u{85}")
    #expect(Text.printable("größe 层 é") == "größe 层 é")
    #expect(Text.printable(String(repeating: "x", count: 500), limit: 10).count < 14)
  }

  @Test func `wide characters take two columns, marks none`() {
    #expect(Text.width("abc") == 3 && Text.width("层层") == 4 && Text.width("e\u{301}") == 1)
  }

  /// Names of files are anybody's: long, wide, full of marks and controls.
  @Test func `a cut text fits its columns and keeps both ends`() {
    var noise = Noise(seed: 5)
    let scalars: [Unicode.Scalar] = ["a", "b", ".", "层", "é", "\u{301}", "\u{1B}", "\u{200B}", "🦊"]
    for columns in 1...40 {
      for _ in 0..<50 {
        var text = String.UnicodeScalarView()
        for _ in 0..<Int.random(in: 0...90, using: &noise) {
          text.append(scalars.randomElement(using: &noise) ?? "a")
        }
        for cut in [Text.fitted(String(text), columns), Text.shortened(String(text), columns)] {
          #expect(Text.width(cut) <= columns, "\(columns): \(cut)")
          #expect(cut == Text.printable(cut, limit: .max))
        }
      }
    }
    #expect(Text.fitted("layer4.1.conv2.weight", 12) == "layer…weight")
    #expect(Text.shortened("layer4.1.conv2.weight", 12) == "layer4.1.co…")
    #expect(Text.fitted(String(repeating: "\u{301}", count: 1_000_000), 10).utf8.count < 200)
  }

  @Test func `a place is counted by dimensions, the last one fastest`() {
    #expect(Text.place(0, in: [2, 3, 4]) == "0, 0, 0" && Text.place(23, in: [2, 3, 4]) == "1, 2, 3")
    #expect(Text.place(7, in: [0, 5]) == "0, 2" && Text.place(3, in: []) == "")
  }
}
