internal import SWTCommands
internal import SWTConsole
internal import SWTPlatform

StandardStreams.reserve()
Signals.install()
#if os(Linux)
  // Swift reads the arguments there, and without it sees none.
  if CommandLine.arguments.count < 2, unsafe access("/proc/self/cmdline", R_OK) != 0 {
    Console().note("pth2swt: its arguments cannot be read, because /proc is not mounted: mount it")
    exit(ExitStatus.usage.rawValue)
  }
#endif
exit(CommandLineTool.main(Array(CommandLine.arguments.dropFirst())).rawValue)
