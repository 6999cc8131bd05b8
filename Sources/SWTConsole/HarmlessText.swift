/// The one place that makes text from files harmless for terminals and workflow logs.
///
/// Names, metadata and paths are chosen by the author of a file. On a terminal a control character could move the
/// cursor or hide text; in the log of GitHub Actions, a line that starts with `::` or contains `##[` is a command
/// (actions/runner, ActionCommand.cs).
enum HarmlessText {
  /// Text for people: control and direction characters are escaped; line breaks, tabs and the console's own colors
  /// stay. On one line, so are line breaks, which a path may have.
  static func forPeople(_ text: String, isColorful: Bool, onOneLine: Bool = false) -> String {
    guard !isPlain(text) || (onOneLine && text.utf8.contains(0x0A)) else { return text }
    var result = String.UnicodeScalarView()
    var rest = Substring(text).unicodeScalars
    while let scalar = rest.first {
      if isColorful, scalar == "\u{1B}", let style = TerminalStyle.codes.first(where: { starts(rest, $0) }) {
        result.append(contentsOf: style.unicodeScalars)
        rest = rest.dropFirst(style.unicodeScalars.count)
        continue
      }
      rest.removeFirst()
      if (scalar == "\n" && !onOneLine) || scalar == "\t" || !Text.isControl(scalar) {
        result.append(scalar)
      } else {
        result.append(contentsOf: Text.escaped(scalar).unicodeScalars)
      }
    }
    return String(result)
  }

  /// Whether nothing needs to be escaped, by the bytes alone: fast for long listings.
  private static func isPlain(_ text: String) -> Bool {
    text.utf8.allSatisfy { (0x20..<0x7F).contains($0) || $0 == 0x0A || $0 == 0x09 }
  }

  private static func starts(_ text: Substring.UnicodeScalarView, _ other: String) -> Bool {
    text.starts(with: other.unicodeScalars)
  }

  /// How a document spells a character that must not be read as part of a workflow command.
  enum Form {
    case text, json, markup

    /// The form of a document that a program reads, by its first character.
    init(ofDocument text: String) {
      switch text.utf8.first {
      case UInt8(ascii: "{"), UInt8(ascii: "["): self = .json
      case UInt8(ascii: "<"): self = .markup
      default: self = .text
      }
    }

    fileprivate var number: String {
      switch self {
      case .text: "# #["
      case .json: "#\\u0023["
      case .markup: "#&#35;["
      }
    }

    fileprivate var colons: String { self == .markup ? "&#58;:" : "\\u{3a}:" }
  }

  /// Text for a workflow's log without anything that is a command; a document keeps its meaning.
  static func forWorkflow(_ text: String, _ form: Form) -> String {
    var result: [UInt8] = []
    var isLineStart = true
    let bytes = Array(text.utf8)
    result.reserveCapacity(bytes.count)
    var at = 0
    while at < bytes.count {
      let rest = bytes[at...]
      if isLineStart, rest.starts(with: "::".utf8) {
        result += form.colons.utf8
        at += 2
      } else if rest.starts(with: "##[".utf8) {
        result += form.number.utf8
        at += 3
      } else {
        result.append(bytes[at])
        at += 1
      }
      // The runner trims spaces in front of a command; every line break of any kind starts a line for it.
      switch result.last {
      case 0x0A, 0x0D: isLineStart = true
      case 0x20, 0x09, 0x0B, 0x0C: break
      default: isLineStart = false
      }
    }
    return String(decoding: result, as: UTF8.self)
  }
}
