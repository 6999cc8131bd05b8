internal import SWTConsole

/// `pth2swt completions`: completion scripts for shells.
struct Completions: Command {
  static let spec = CommandSpec(
    "completions", "Print a shell's completion script.",
    operands: [
      .init("SHELL", "bash, zsh or fish.", of: .words(Shell.allCases.map(\.rawValue)))
    ],
    examples: [
      .init("source <(pth2swt completions bash)", "In this bash only; put it into ~/.bashrc for all."),
      .init("pth2swt completions zsh > \"${fpath[1]}/_pth2swt\"", "For zsh, once it is restarted."),
      .init("pth2swt completions fish > ~/.config/fish/completions/pth2swt.fish", "For fish."),
    ])

  enum Shell: String, CaseIterable, Sendable {
    case bash, zsh, fish
  }

  let shell: Shell

  init(_ arguments: Arguments) throws(UsageError) {
    guard let shell = Shell(rawValue: arguments.operands[0]) else {
      throw UsageError("completions supports bash, zsh and fish, not '\(arguments.operands[0])'")
    }
    self.shell = shell
  }

  func run(_ console: Console) -> ExitStatus {
    let specs = CommandLineTool.commands.map { $0.spec }
    switch shell {
    case .bash: console.document(BashCompletion.script(specs))
    case .zsh: console.document(ZshCompletion.script(specs))
    case .fish: console.document(FishCompletion.script(specs))
    }
    return .success
  }
}

/// Text in a shell's single quotes.
func singleQuoted(_ text: String) -> String {
  "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: #"'\''"#) + "'"
}
