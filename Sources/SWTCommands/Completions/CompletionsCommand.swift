internal import SWTConsole

/// `pth2swt completions`: what makes a shell complete our words.
struct Completions: Command {
  static let spec = CommandSpec(
    "completions", "Print a shell's completion script.",
    operands: [
      .init("SHELL", "bash, zsh or fish.", of: .words(Shell.allCases.map(\.rawValue)))
    ],
    examples: [
      .init("source <(pth2swt completions bash)", "For this shell only; in ~/.bashrc, for all."),
      .init("pth2swt completions zsh > \"${fpath[1]}/_pth2swt\"", "For zsh, from its next start on."),
      .init(
        "pth2swt completions fish > ~/.config/fish/completions/pth2swt.fish", "For fish, from now on."),
    ])

  enum Shell: String, CaseIterable, Sendable {
    case bash, zsh, fish
  }

  let shell: Shell

  init(_ arguments: Arguments) throws(UsageError) {
    guard let shell = Shell(rawValue: arguments.operands[0]) else {
      throw UsageError("completions is for bash, zsh or fish, not '\(arguments.operands[0])'")
    }
    self.shell = shell
  }

  func run(_ console: Console) -> ExitStatus {
    let specs = CommandLineTool.commands.map { $0.spec }
    switch shell {
    case .bash: console.write(BashCompletion.script(specs))
    case .zsh: console.write(ZshCompletion.script(specs))
    case .fish: console.write(FishCompletion.script(specs))
    }
    return .success
  }
}

/// Text for a shell's single quotes.
func singleQuoted(_ text: String) -> String {
  "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: #"'\''"#) + "'"
}
