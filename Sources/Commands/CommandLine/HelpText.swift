internal import SWTBytes

/// Help, printed from the same table that parses.
enum HelpText {
  static func of(_ spec: CommandSpec) -> String {
    var text = "usage: pth2swt \(spec.name)"
    for operand in spec.operands {
      let name = operand.name + (operand.isRepeated ? "…" : "")
      text += operand.isOptional ? " [\(name)]" : " \(name)"
    }
    text += " [OPTION…]\n\n\(spec.summary)\n"
    if !spec.operands.isEmpty {
      text +=
        "\n" + Text.table([["", ""]] + spec.operands.map { [$0.name, $0.help] }, indent: "  ").dropFirst()
    }
    text += "\noptions:"
    let rows = spec.allOptions.map { option in
      let short = option.short.map { "-\($0), " } ?? ""
      return [short + "--\(option.name)" + (option.placeholder.map { " \($0)" } ?? ""), option.help]
    }
    text += Text.table([["", ""]] + rows, indent: "  ")
    text += "\nexamples:\n"
    for example in spec.examples { text += "  # \(example.help)\n  \(example.line)\n" }
    return text
  }
}
