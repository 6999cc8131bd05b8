/// The format of an output, chosen by the ending of its name.
public enum OutputFormat: Sendable {
  /// A weight file; also for names without an ending.
  case swt
  /// The safetensors format, for other tools.
  case safetensors
  /// A checkpoint that `torch.load(weights_only=True)` reads.
  case pth

  /// Nil for an ending that no format has.
  public init?(path: String) {
    let name = path.split(separator: "/").last ?? ""
    guard let dot = name.lastIndex(of: "."), dot > name.startIndex else {
      self = .swt
      return
    }
    switch name[dot...] {
    case ".swt": self = .swt
    case ".safetensors": self = .safetensors
    case ".pth": self = .pth
    default: return nil
    }
  }
}
