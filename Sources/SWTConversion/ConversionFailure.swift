public import SWTBytes

/// Why a checkpoint did not become a weight file.
public enum ConversionFailure: Error, Sendable {
  /// An option names something that is not there.
  case options(String, hint: String?)
  /// The input is damaged, hostile, missing, or no checkpoint.
  case input(file: String, ParseFailure)
  /// The tensors do not fit the architecture that was asked for or recognised.
  case architecture(file: String, String, hint: String?)
  /// A golden cannot be embedded, or belongs to another model.
  case golden(file: String, String)
  /// The output could not be written.
  case output(file: String, String, hint: String?)
}
