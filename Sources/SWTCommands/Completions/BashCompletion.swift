internal import SWTConsole

/// Completion for bash, without the bash-completion package.
enum BashCompletion {
  static func script(_ specs: [CommandSpec]) -> String {
    let names = specs.map(\.name).joined(separator: " ")
    return """
      # bash completion for pth2swt, made by `pth2swt completions bash`.
      _pth2swt() {
        local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]} words=
        # Bash breaks words at "=": --option=val arrives as three.
        if [[ $current == = ]]; then
          current=
        elif [[ $previous == = ]]; then
          previous=${COMP_WORDS[COMP_CWORD - 2]}
        fi
        COMPREPLY=()
        if ((COMP_CWORD == 1)); then
          COMPREPLY=($(compgen -W \(singleQuoted("\(names) help --help --version")) -- "$current"))
          return
        fi
        # What an option takes.
        case ${COMP_WORDS[1]}:$previous in
      \(specs.map(values).joined())  help:*) COMPREPLY=($(compgen -W \(singleQuoted(names)) -- "$current")); return ;;
        esac
        # Options and operands.
        case ${COMP_WORDS[1]} in
      \(specs.map(words).joined())  esac
        if [[ $current == -* ]]; then
          COMPREPLY=($(compgen -W "$words" -- "$current"))
        elif [[ ${words%% *} != -* ]]; then
          COMPREPLY=($(compgen -W "${words%% -*}" -- "$current"))
        fi
      }
      complete -o default -F _pth2swt pth2swt

      """
  }

  /// A case for each option that takes a value.
  private static func values(_ spec: CommandSpec) -> String {
    let options = spec.allOptions.filter { $0.placeholder != nil }
    return options.map { option in
      let names = ["--\(option.name)"] + (option.short.map { ["-\($0)"] } ?? [])
      let pattern = names.map { "\(spec.name):\($0)" }.joined(separator: "|")
      let action =
        switch option.values {
        case .any: "compopt +o default; return"
        case .path: "return"
        case .words(let words):
          "COMPREPLY=($(compgen -W \(singleQuoted(words.joined(separator: " "))) -- \"$current\")); "
            + (words.contains { $0.hasSuffix("=") } ? "compopt -o nospace; return" : "return")
        }
      return "  \(pattern)) \(action) ;;\n"
    }.joined()
  }

  /// The words that an operand may be, if they are known, then the options.
  private static func words(_ spec: CommandSpec) -> String {
    var words: [String] = []
    if case .words(let known)? = spec.operands.first?.values { words = known }
    words += spec.allOptions.map { "--\($0.name)" }
    return "  \(spec.name)) words=\(singleQuoted(words.joined(separator: " "))) ;;\n"
  }
}
