internal import ResNetArchitecture
internal import SWTBytes
internal import SWTConsole

extension Architecture {
  /// The published network with the given name.
  ///
  /// - Throws: ``CommandFailure`` with exit 2, suggesting the nearest name.
  static func find(_ name: String) throws(CommandFailure) -> Architecture {
    if let architecture = named(name) { return architecture }
    let hint = EditDistance.nearest(to: name, in: published.map(\.name)).map { "did you mean \($0)?" }
    throw CommandFailure(
      .usage, "there is no architecture '\(name)'", hint: hint ?? "pth2swt arch lists them")
  }
}
