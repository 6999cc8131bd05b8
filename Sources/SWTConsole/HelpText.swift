/// Help, printed from the same table that parsing uses.
package enum HelpText {
  /// The width that any terminal has.
  package static let width = 80

  package static func of(_ spec: CommandSpec) -> String {
    var text = paragraph("pth2swt \(spec.usage)", first: "usage: ", hanging: "         ")
    text += "\n" + paragraph(spec.summary)
    if !spec.operands.isEmpty { text += "\n" + definitions(spec.operands.map { ($0.name, $0.help) }) }
    text += "\noptions:\n" + definitions(spec.allOptions.map { ($0.usage, $0.help) })
    text += "\nexamples:\n"
    for example in spec.examples {
      text += paragraph(example.help, first: "  # ", hanging: "  # ")
      for line in example.line.split(separator: "\n") { text += "  \(line)\n" }
    }
    return text
  }

  /// Terms and their meanings in two columns; a meaning wraps within its column.
  package static func definitions(_ rows: [(term: String, meaning: String)]) -> String {
    let margin = (rows.map { Text.width($0.term) }.max() ?? 0) + 4
    let hanging = String(repeating: " ", count: margin)
    return rows.map { row in
      let first = "  " + row.term + hanging.dropFirst(2 + Text.width(row.term))
      return paragraph(row.meaning, first: first, hanging: hanging)
    }.joined()
  }

  private static func paragraph(_ text: String, first: String = "", hanging: String = "") -> String {
    Text.wrapped(text, width, first: first, hanging: hanging) + "\n"
  }
}
