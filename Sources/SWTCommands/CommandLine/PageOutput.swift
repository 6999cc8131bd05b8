internal import SWTBytes
internal import SWTConsole

/// Where `--html` goes: into a file, and what people read still to the screen; or, without a path, to standard output
/// instead.
struct PageOutput {
  private let path: String?

  /// nil without `--html`.
  init?(_ arguments: Arguments) throws(UsageError) {
    guard let value = arguments.value("html") else { return nil }
    path = value.isEmpty ? nil : value
    if path == nil, arguments.has("json") {
      throw UsageError("--html and --json both go to standard output; --html=PATH writes a file")
    }
  }

  /// True when standard output is the page's.
  var isAll: Bool { path == nil }

  /// Refuses to write over what is to be read.
  ///
  /// - Throws: ``CommandFailure`` with exit 6.
  func requireOther(than inputs: [String]) throws(CommandFailure) {
    guard let path, let input = inputs.first(where: { FileIdentity.areSame($0, path) }) else { return }
    throw CommandFailure(.outputFailed, file: path, "the page would replace the input \(input)")
  }

  /// - Throws: ``CommandFailure`` with exit 6; a page that was there before is replaced.
  func write(_ text: String, _ console: Console) throws(CommandFailure) {
    if let path {
      try OutputFile.write(Array(text.utf8), to: path, replacing: true)
    } else {
      console.write(text)
    }
  }
}
