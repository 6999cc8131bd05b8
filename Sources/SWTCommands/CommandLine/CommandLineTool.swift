internal import SWTBytes
package import SWTConsole
internal import SWTConversion
internal import SWTTensorFiles

/// A subcommand: a description, parsing of its arguments, and execution.
package protocol Command: Sendable {
  static var spec: CommandSpec { get }
  init(_ arguments: Arguments) throws(UsageError)
  /// - Throws: ``CommandFailure``.
  func run(_ console: Console) throws(CommandFailure) -> ExitStatus
}

/// The program: selects the command, runs it, and prints its failure.
package enum CommandLineTool {
  package static let version = Producer.version
  /// The date of that version, for the manual page.
  static let released = "2026-11-25"

  /// Every command, in the order of the overview.
  static let commands: [any Command.Type] = [
    Convert.self, Inspect.self, Verify.self, Judge.self, Run.self, Evaluate.self, GoldenTool.self, Check.self,
    Diff.self, Sign.self,
    VerifySignature.self, SetMeta.self, Arch.self, Bench.self, Doctor.self, Completions.self, Manual.self,
  ]

  /// Runs a command line, given without the program's own name.
  ///
  /// A success becomes a failure if results could not be written; any other exit status stays.
  package static func main(_ words: [String], _ console: Console = Console()) -> ExitStatus {
    let wantsJSON = words.prefix { $0 != "--" }.contains("--json")
    let status = main(words, wantsJSON, console)
    guard let failure = console.outputFailure() else { return status }
    report(failure, wantsJSON, console)
    return status == .success ? failure.status : status
  }

  private static func main(_ words: [String], _ wantsJSON: Bool, _ console: Console) -> ExitStatus {
    do throws(CommandFailure) {
      guard let first = words.first, first != "--help", first != "-h" else {
        console.write(overview)
        return words.isEmpty ? .usage : .success
      }
      if ["--version", "-V", "version"].contains(first) {
        console.line("pth2swt \(version)")
        return .success
      }
      if first == "help" {
        guard words.count > 1 else {
          console.write(overview)
          return .success
        }
        console.write(HelpText.of(try command(words[1]).spec))
        return .success
      }
      let command = try command(first)
      if words.dropFirst().prefix(while: { $0 != "--" }).contains(where: { $0 == "--help" || $0 == "-h" }) {
        console.write(HelpText.of(command.spec))
        return .success
      }
      return try run(command, Array(words.dropFirst()), console)
    } catch {
      report(error, wantsJSON, console)
      return error.status
    }
  }

  private static func run(
    _ command: any Command.Type, _ words: [String], _ console: Console
  ) throws(CommandFailure) -> ExitStatus {
    let parsed: any Command
    do throws(UsageError) {
      parsed = try command.init(Arguments(words, for: command.spec))
    } catch {
      throw CommandFailure(.usage, error.message, hint: "see pth2swt \(command.spec.name) --help")
    }
    let status = try parsed.run(console)
    guard !Signals.fileShrank else {
      throw CommandFailure(.inputUnreadable, "a file became shorter while it was read", hint: "try again")
    }
    return status
  }

  private static func command(_ name: String) throws(CommandFailure) -> any Command.Type {
    var names: [String] = []
    for command in commands {
      let candidate = command.spec.name
      if candidate == name { return command }
      names.append(candidate)
    }
    let hint = EditDistance.nearest(to: name, in: names).map { "did you mean \($0)?" }
    throw CommandFailure(.usage, "there is no command '\(name)'", hint: hint ?? "see pth2swt --help")
  }

  /// Writes the failure to standard error, as one line or as a JSON object.
  static func report(_ failure: CommandFailure, _ json: Bool, _ console: Console) {
    if json { console.noteDocument(failure.json.text()) } else { console.note("pth2swt: \(failure.line)") }
  }

  static var overview: String {
    var text =
      "pth2swt \(version): PyTorch ResNet and ResNeXt checkpoints for other engines\n\n"
    text += "usage: pth2swt COMMAND [OPTION…]\n\n"
    text += HelpText.definitions(commands.map { ($0.spec.name, $0.spec.summary) })
    return text + """

      getting started:
        pth2swt inspect model.pth
        pth2swt convert model.pth -o model.swt
        pth2swt golden make --print-script > make_golden.py
        pth2swt verify model.swt --source model.pth

      pth2swt COMMAND --help shows a command's options and examples.

      """
  }
}
