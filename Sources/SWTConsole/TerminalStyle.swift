/// Emphasis on a color terminal; nothing elsewhere. Color alone never carries meaning.
package struct TerminalStyle {
  package let isColorful: Bool

  package init(isColorful: Bool) { self.isColorful = isColorful }

  package func bold(_ text: String) -> String { wrapped(text, "1") }
  package func dim(_ text: String) -> String { wrapped(text, "2") }
  package func warning(_ text: String) -> String { wrapped(text, "1;31") }
  package func accent(_ text: String) -> String { wrapped(text, "36") }

  /// Every sequence that styles use.
  static let codes = ["1", "2", "1;31", "36", "0"].map { "\u{1B}[\($0)m" }

  private func wrapped(_ text: String, _ code: String) -> String {
    isColorful && !text.isEmpty ? "\u{1B}[\(code)m\(text)\u{1B}[0m" : text
  }
}
