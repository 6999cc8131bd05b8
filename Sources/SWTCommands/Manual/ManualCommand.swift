internal import SWTConsole

/// `pth2swt man`: prints the manual page, from the same tables as parsing and help.
struct Manual: Command {
  static let spec = CommandSpec(
    "man", "Print the manual page.",
    examples: [
      .init("pth2swt man | man -l -", "Read it here."),
      .init("pth2swt man > /usr/local/share/man/man1/pth2swt.1", "Install it."),
    ])

  init(_ arguments: Arguments) throws(UsageError) {}

  func run(_ console: Console) -> ExitStatus {
    console.document(ManualPage.text(CommandLineTool.commands.map { $0.spec }))
    return .success
  }
}
