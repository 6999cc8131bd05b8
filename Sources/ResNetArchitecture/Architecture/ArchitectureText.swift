internal import SWTBytes

// How parts are written on the command line, in metadata and in reports.

extension Architecture.Stem: CustomStringConvertible {
  /// `7x7/2/3`: kernel, stride, padding; a deep stem is `deep 3x3/2/1`.
  public var description: String { (isDeep ? "deep " : "") + "\(kernel)x\(kernel)/\(stride)/\(padding)" }

  /// A stem of one convolution from `7x7/2/3`; nil for anything else.
  public init?(_ text: String) {
    guard let window = Window(text[...]), window.rest.isEmpty else { return nil }
    self.init(kernel: window.kernel, stride: window.stride, padding: window.padding)
    guard isValid else { return nil }
  }

  var isValid: Bool {
    guard widths.isEmpty || widths.count == 2, widths.allSatisfy({ (1...1 << 16).contains($0) }) else {
      return false
    }
    return (1...31).contains(kernel) && (1...8).contains(stride) && (0...kernel).contains(padding)
  }
}

extension Architecture.Pool: CustomStringConvertible {
  /// `3x3/2/1`, `3x3/2/0/ceil`, `avg2x2/2/0`, `3x3/1/1/blur`.
  public var description: String {
    (kind == .average ? "avg" : "") + "\(kernel)x\(kernel)/\(stride)/\(padding)" + (ceilMode ? "/ceil" : "")
      + (isBlurred ? "/blur" : "")
  }

  /// The pooling that ``description`` describes; nil for any other text.
  public init?(_ text: String) {
    var rest = text[...]
    var kind = Kind.maximum
    if rest.hasPrefix("avg") {
      kind = .average
      rest = rest.dropFirst(3)
    }
    guard let window = Window(rest) else { return nil }
    self.init(kind, kernel: window.kernel, stride: window.stride, padding: window.padding)
    for word in window.rest {
      switch word {
      case "ceil" where !ceilMode && !isBlurred: ceilMode = true
      case "blur" where !isBlurred: isBlurred = true
      default: return nil
      }
    }
    guard isValid else { return nil }
  }

  /// PyTorch allows at most half a window of padding.
  var isValid: Bool {
    (1...31).contains(kernel) && (1...8).contains(stride) && (0...kernel / 2).contains(padding)
  }
}

/// `KxK/S/P`, and the words after it.
private struct Window {
  let kernel, stride, padding: Int
  let rest: ArraySlice<Substring>

  init?(_ text: Substring) {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count >= 3, let stride = Int(parts[1]), let padding = Int(parts[2]) else { return nil }
    let sides = parts[0].split(separator: "x", omittingEmptySubsequences: false)
    guard sides.count == 2, sides[0] == sides[1], let kernel = Int(sides[0]) else { return nil }
    (self.kernel, self.stride, self.padding) = (kernel, stride, padding)
    rest = parts[3...]
  }
}
