internal import SWTConsole

/// Completion for fish.
enum FishCompletion {
  static func script(_ specs: [CommandSpec]) -> String {
    var text = "# fish completion for pth2swt, made by `pth2swt completions fish`.\n"
    let first = singleQuoted("__fish_use_subcommand")
    text += "complete -c pth2swt -n \(first) -f -l help -d 'Show the commands.'\n"
    text += "complete -c pth2swt -n \(first) -f -l version -d 'Show the version.'\n"
    for spec in specs {
      text += "complete -c pth2swt -n \(first) -f -a \(spec.name) -d \(quoted(spec.summary))\n"
    }
    let names = specs.map(\.name).joined(separator: " ")
    text += "complete -c pth2swt -n '__fish_seen_subcommand_from help' -f -a \(quoted(names))\n"
    for spec in specs {
      let here = "complete -c pth2swt -n \(quoted("__fish_seen_subcommand_from \(spec.name)"))"
      for option in spec.allOptions {
        let short = option.short.map { " -s \($0)" } ?? ""
        text += "\(here)\(short) -l \(option.name)\(value(option)) -d \(quoted(option.help))\n"
      }
      if case .words(let words)? = spec.operands.first?.values {
        text += "\(here) -f -a \(quoted(words.joined(separator: " ")))\n"
      }
    }
    return text
  }

  private static func value(_ option: CommandSpec.Option) -> String {
    guard option.placeholder != nil else { return " -f" }
    // Only behind a "=", which fish completes without being told.
    if option.isValueOptional { return "" }
    return switch option.values {
    case .any: " -x"
    case .path: " -r -F"
    case .words(let words): " -x -a \(quoted(words.joined(separator: " ")))"
    }
  }

  /// Text for fish's single quotes, in which a backslash escapes.
  private static func quoted(_ text: String) -> String {
    "'" + String(text.flatMap { "'\\".contains($0) ? ["\\", $0] : [$0] }) + "'"
  }
}
