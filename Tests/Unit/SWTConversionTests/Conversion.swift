import SWT
import SWTConversion
import TestSupport

/// A conversion of a fixture into a folder of its own.
struct Conversion {
  let folder: TemporaryFolder
  let output: String
  let summary: ConversionSummary

  /// Converts a fixture.
  ///
  /// - Parameters:
  ///   - checkpoint: Its name.
  ///   - ending: What the output's name ends with.
  ///   - change: Sets the options.
  /// - Throws: ``ConversionFailure``.
  init(
    _ checkpoint: String, ending: String = "swt", _ change: (inout ConversionOptions) -> Void = { _ in }
  ) throws {
    folder = try TemporaryFolder()
    output = folder.file("model.\(ending)")
    summary = try Converter.convert(Self.path(checkpoint), to: output, Self.options(change))
  }

  static func path(_ checkpoint: String) -> String { Fixtures.path("checkpoints/\(checkpoint).pth") }

  static func options(_ change: (inout ConversionOptions) -> Void) -> ConversionOptions {
    var options = ConversionOptions()
    change(&options)
    return options
  }

  func file() throws -> SWTFile { try SWTFile(path: output) }
  func bytes() throws -> [UInt8] { try readFile(output) }

  /// A tensor's values in row-major order.
  static func values(_ file: SWTFile, _ name: String) throws -> [Double] {
    try file.view(named: name).floats().map(Double.init)
  }
}
