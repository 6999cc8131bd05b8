internal import SWTBytes
internal import SWTConsole

/// The destination of `--html`: a file, in addition to the text on standard output; without a path, standard
/// output instead of the text.
struct PageOutput {
  private let path: String?

  /// Nil without `--html`.
  init?(_ arguments: Arguments) throws(UsageError) {
    guard let value = arguments.value("html") else { return nil }
    path = value.isEmpty ? nil : value
    if path == nil, arguments.has("json") {
      throw UsageError("--html and --json both write to standard output; --html=PATH writes a file")
    }
  }

  /// Whether the page goes to standard output.
  var isAll: Bool { path == nil }

  /// Refuses to overwrite an input.
  ///
  /// - Throws: ``CommandFailure`` with exit 6.
  func requireOther(than inputs: [String]) throws(CommandFailure) {
    try OutputFile.requireOther(path, than: inputs)
  }

  /// Checks that the page's folder exists, before work that takes long.
  ///
  /// - Throws: ``CommandFailure`` with exit 6.
  func requireFolder() throws(CommandFailure) { try OutputFile.requireFolder(of: path) }

  /// Writes the page, replacing an existing file.
  ///
  /// - Throws: ``CommandFailure`` with exit 6.
  func write(_ text: String, _ console: Console) throws(CommandFailure) {
    if let path {
      try OutputFile.write(Array(text.utf8), to: path, replacing: true)
    } else {
      console.document(text)
    }
  }
}
