internal import SWTCommands
internal import SWTConsole
internal import SWTPlatform

StandardStreams.reserve()
Signals.install()
exit(CommandLineTool.main(Array(CommandLine.arguments.dropFirst())).rawValue)
