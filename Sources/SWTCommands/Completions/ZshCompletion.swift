internal import SWTConsole

/// Completion for zsh, by its own `_arguments`.
enum ZshCompletion {
  static func script(_ specs: [CommandSpec]) -> String {
    let commands = specs.map { "    \(singleQuoted("\($0.name):\($0.summary)"))\n" }.joined()
    return """
      #compdef pth2swt
      # zsh completion for pth2swt, made by `pth2swt completions zsh`.
      _pth2swt() {
        local curcontext=$curcontext state line
        local -a commands=(
      \(commands)  )
        _arguments -C '--help[Show the commands.]' '--version[Show the version.]' '1:command:->command' '*::word:->word'
        case $state in
          command) _describe -t commands command commands ;;
          word)
            case $words[1] in
      \(specs.map(arguments).joined())        help) _describe -t commands command commands ;;
            esac
            ;;
        esac
      }
      # Loaded from fpath, the file is the function's body; sourced, it registers the function.
      if [[ $funcstack[1] == _pth2swt ]]; then _pth2swt "$@"; else compdef _pth2swt pth2swt; fi

      """
  }

  private static func arguments(_ spec: CommandSpec) -> String {
    var lines: [String] = []
    for option in spec.allOptions {
      var text = option.placeholder == nil ? "" : option.isValueOptional ? "=-" : "="
      text += "[\(escaped(option.help))]"
      if let placeholder = option.placeholder {
        text += "\(option.isValueOptional ? "::" : ":")\(escaped(placeholder)):\(action(option.values))"
      }
      lines.append(singleQuoted("*--\(option.name)\(text)"))
      if let short = option.short {
        let value = option.placeholder.map { ":\(escaped($0)):\(action(option.values))" } ?? ""
        lines.append(singleQuoted("*-\(short)[\(escaped(option.help))]\(value)"))
      }
    }
    for (index, operand) in spec.operands.enumerated() {
      let place = operand.isRepeated ? "*" : "\(index + 1)"
      lines.append(singleQuoted("\(place):\(escaped(operand.name)):\(action(operand.values))"))
    }
    let list = lines.map { " \\\n            \($0)" }.joined()
    return "        \(spec.name)) _arguments\(list) ;;\n"
  }

  private static func action(_ values: CommandSpec.Values) -> String {
    switch values {
    case .any: " "
    case .path: "_files"
    case .words(let words): "(\(words.joined(separator: " ")))"
    }
  }

  /// Text between the brackets and colons of an argument's description.
  private static func escaped(_ text: String) -> String {
    String(text.flatMap { "[]:\\".contains($0) ? ["\\", $0] : [$0] })
  }
}
