public import ResNetArchitecture
internal import SWT
public import SWTBytes
internal import SWTGoldens
internal import SWTInputs

/// Why a checkpoint did not become a weight file.
public struct ConversionFailure: Error, Sendable {
  /// The side at fault.
  public enum Kind: Sendable {
    /// An option names something that does not exist.
    case options
    /// The input is damaged, hostile, missing, or not a checkpoint; ``ConversionFailure/cause`` has the
    /// details.
    case input
    /// The tensors do not fit the requested or recognized architecture.
    case architecture
    /// A golden cannot be embedded, or is of another model.
    case golden
    /// The output could not be written.
    case output
  }

  /// The side at fault.
  public let kind: Kind
  /// The file at fault; the input unless another one is named.
  public internal(set) var file: String?
  /// What is wrong.
  public let message: String
  /// The error of the parser of the input.
  public let cause: ParseFailure?
  /// Why the tensors are not a known network.
  public let reading: ReadingFailure?
  /// What to do about it.
  public let remedy: Remedy?
  /// The network whose goldens settled nothing.
  public let unsettled: UnsettledNetwork?

  init(
    _ kind: Kind, file: String? = nil, _ message: String, cause: ParseFailure? = nil, _ remedy: Remedy? = nil,
    reading: ReadingFailure? = nil, unsettled: UnsettledNetwork? = nil
  ) {
    self.reading = reading
    self.unsettled = unsettled
    self.kind = kind
    self.file = file
    self.message = message
    self.cause = cause
    self.remedy = remedy
  }

  /// Tensors that do not fit, or values that cannot be stored.
  static func architecture(_ message: String, _ remedy: Remedy? = nil) -> ConversionFailure {
    ConversionFailure(.architecture, message, remedy)
  }

  static func options(_ message: String, _ remedy: Remedy? = nil) -> ConversionFailure {
    ConversionFailure(.options, message, remedy)
  }

  static func input(_ failure: ParseFailure, file: String? = nil) -> ConversionFailure {
    ConversionFailure(.input, file: file, "\(failure)", cause: failure, failure.hint.map { .say($0) })
  }

  /// Wraps any error of a conversion; `input` and `output` are the files of errors that do not name one.
  init(_ error: any Error, input: String, output: String? = nil) {
    switch error {
    case var failure as ConversionFailure:
      if failure.file == nil { failure.file = failure.kind == .output ? output : input }
      self = failure
    case let failure as InputFailure: self = .input(failure.failure, file: failure.path)
    case let failure as ParseFailure: self = .input(failure, file: input)
    case let failure as WriteFailure: self.init(writing: failure, output)
    case SWTWriteError.file(let failure): self.init(writing: failure, output)
    case let failure as GoldenReadFailure: self.init(.golden, file: failure.file, failure.text)
    default: self.init(.output, file: output, "\(error)")
    }
  }

  private init(writing failure: WriteFailure, _ output: String?) {
    self.init(.output, file: output, "\(failure)", failure.isExisting ? .replaceOutput : nil)
  }
}

extension ConversionFailure: CustomStringConvertible {
  public var description: String {
    [file.map { "\($0): \(message)" } ?? message, remedy?.description].compactMap(\.self).joined(
      separator: "; ")
  }
}
