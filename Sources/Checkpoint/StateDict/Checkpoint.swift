public import SWTBytes

/// What a file held: its tensors, and everything that is needed to say what it was.
public struct Checkpoint: Sendable {
  /// The container forms that are told apart; the raw value is the name that `inspect --json` prints.
  public enum Container: String, Sendable {
    case zip, legacy, torchscript, pickle
  }

  public let container: Container
  /// Bytes of the file.
  public let byteCount: Int
  /// Every tensor by its path, in the order of the file.
  public let tensors: [TensorEntry]
  /// Every class and function that the file names, in order of first mention.
  public let globals: [GlobalMention]
  /// What was met and left out.
  public let skipped: [SkippedEntry]

  /// A name in a file, and what this reader makes of it.
  public struct GlobalMention: Sendable {
    public let name: GlobalName
    /// Offset of its first mention, counted from the start of its pickle's source.
    public let offset: Int
    /// True when the reader gives it a meaning.
    public let isKnown: Bool
  }

  /// Refuses a file that names something dangerous.
  ///
  /// Nothing was executed and nothing could be, but whoever loads such a file elsewhere is attacked.
  ///
  /// - Throws: ``ParseFailure`` with the place of the first dangerous name.
  public func requireHarmless() throws(ParseFailure) {
    for mention in globals where mention.name.isDangerous {
      throw ParseFailure(
        .unsupported("\(mention.name.qualified) is not a tensor constructor; nothing was executed"),
        at: mention.offset, in: ["pickle opcode 0x63 GLOBAL"],
        hint: "do not load this file with PyTorch: it would run that code")
    }
  }
}
