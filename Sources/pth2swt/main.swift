import SWTCommands

#if canImport(Darwin)
  import Darwin
#elseif canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

StandardStreams.reserve()
Signals.install()
exit(CommandLineTool.main(Array(CommandLine.arguments.dropFirst())).rawValue)
