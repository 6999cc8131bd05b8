import SWTReports
import Testing

/// What names and numbers from a file become on a page: never markup, never a change of reading direction.
@Suite struct PageTextTests {
  @Test func `nothing in a text is markup`() {
    #expect(XMLText.escaped("<b a=\"x\" c='y'>&amp;") == "&lt;b a=&quot;x&quot; c=&#39;y&#39;&gt;&amp;amp;")
    #expect(XMLText.escaped("a\tb\nc") == "a&#9;b&#10;c")
    #expect(XMLText.escaped("größe 层 🦊") == "größe 层 🦊")
  }

  /// XML 1.0 has no such characters, and a browser follows those that turn the direction of text.
  @Test(arguments: [0x00, 0x08, 0x0B, 0x1F, 0x7F, 0x85, 0x9F, 0x202A, 0x202E, 0x2066, 0x2069, 0xFFFE, 0xFFFF])
  func `what is no character of a page is replaced`(scalar: UInt32) throws {
    let text = String(Character(try #require(Unicode.Scalar(scalar))))
    #expect(XMLText.escaped("a\(text)b") == "a\u{FFFD}b")
  }

  @Test func `a name from a file is cut, escaped and kept apart`() {
    let name = HTMLText.untrusted("<script>" + String(repeating: "x", count: 500), 40)
    #expect(name.hasPrefix("<bdi>&lt;script&gt;") && name.hasSuffix("</bdi>") && name.count < 80)
  }

  @Test(arguments: [
    (0, "0"), (1, "1.0"), (-2.25, "-2.2"), (0.00123, "0.0012"), (12345, "12345"), (99999, "1.0 × 10⁵"),
    (123_456, "1.2 × 10⁵"),
    (9.96e-8, "1.0 × 10⁻⁷"), (-4.2e12, "-4.2 × 10¹²"), (.leastNonzeroMagnitude, "4.9 × 10⁻³²⁴"),
    (1.7e308, "1.7 × 10³⁰⁸"),
  ])
  func `numbers are short, with powers as people write them`(value: Double, text: String) {
    #expect(HTMLText.number(value).replacing("\u{A0}", with: " ") == text)
  }

  @Test func `numbers within sentences are written the same way`() {
    let prose = HTMLText.prose("relL2 3.9e-03 -> 9.9e-16 (0.1 floors), a<b").replacing("\u{A0}", with: " ")
    #expect(prose == "relL2 0.0039 → 9.9 × 10⁻¹⁶ (0.1 floors), a&lt;b")
    #expect(HTMLText.prose("layer1e-5.weight and e") == "layer1e-5.weight and e")
  }

  @Test func `shares that are not nothing are never called nothing`() {
    #expect(HTMLText.percent(0) == "0.0 %" && HTMLText.percent(1) == "100.0 %")
    #expect(HTMLText.percent(1e-9) == "&lt; 0.1 %" && HTMLText.percent(0.0016) == "0.2 %")
  }

  /// A report within a page: JSON that cannot end the element it stands in.
  @Test func `embedded data cannot leave its element`() {
    let page = HTMLPage.text(
      title: "a </title><script>", body: "<p>body</p>\n",
      data: #"{"name":"</script><script>alert(1)//\u2028"}"#)
    let script = page.components(between: "id=\"report\">", and: "</script>")
    #expect(script == [#"{"name":"\u003c/script>\u003cscript>alert(1)//\u2028"}"#])
    #expect(page.contains("<title>a &lt;/title&gt;&lt;script&gt;</title>"))
    #expect(page.contains("default-src 'none'"))
    #expect(!HTMLPage.text(title: "", body: "", data: nil).contains("<script"))
  }
}

extension String {
  /// The texts between two others, without Foundation.
  fileprivate func components(between start: String, and end: String) -> [String] {
    var found: [String] = []
    var rest = self[...]
    while let from = rest.firstRange(of: start) {
      rest = rest[from.upperBound...]
      guard let to = rest.firstRange(of: end) else { break }
      found.append(String(rest[..<to.lowerBound]))
      rest = rest[to.upperBound...]
    }
    return found
  }
}
