internal import SWTBytes

/// Help, printed from the same table that parses.
package enum HelpText {
  package static func of(_ spec: CommandSpec) -> String {
    var text = "usage: pth2swt \(spec.usage)\n\n\(spec.summary)\n"
    if !spec.operands.isEmpty {
      text +=
        "\n" + Text.table([["", ""]] + spec.operands.map { [$0.name, $0.help] }, indent: "  ").dropFirst()
    }
    text += "\noptions:"
    text += Text.table([["", ""]] + spec.allOptions.map { [$0.usage, $0.help] }, indent: "  ")
    text += "\nexamples:\n"
    for example in spec.examples { text += "  # \(example.help)\n  \(example.line)\n" }
    return text
  }
}
