internal import ResNetEngine

extension Rounding {
  /// Weights, operands or results in a format; parameters, too, or not; BatchNorm folded before, or not.
  static func candidates(isFolded: Bool) -> [Rounding] {
    var all: [Rounding] = []
    for format in Format.allCases {
      let extents: [Extent] =
        switch format {
        case .tf32: [.operands]
        case .i8: [.operands, .weights]
        case .bf16, .f16: Extent.allCases
        }
      for extent in extents {
        for parameters in format == .tf32 || format == .i8 ? [false] : [false, true] {
          for folds in isFolded ? [false] : [false, true] {
            all.append(Rounding(format, extent, parameters: parameters, foldsFirst: folds))
          }
        }
      }
    }
    // Rarer, so after all others.
    let others: [(Format, Mode)] = [(.bf16, .truncated), (.f16, .truncated), (.f16, .flushed)]
    return all
      + others.flatMap { format, mode in
        all.filter { $0.format == format }.map { rounding in
          var other = rounding
          other.mode = mode
          return other
        }
      }
  }

  /// `bf16-operands`, `f16-weights`, `i8` …
  var causeID: String { format == .i8 ? "i8" : "\(format.rawValue)-\(extent.rawValue)" }

  /// What an engine that rounds so has, as a sentence without its end.
  func text(isFolded: Bool) -> String {
    let name = format.fullName
    let what =
      switch extent {
      case .weights: roundsParameters ? "\(name) weights and biases" : "\(name) weights"
      case .operands: "\(name) operands: weights and activations are rounded before they are multiplied"
      case .stored where roundsParameters: "every tensor in \(name), BatchNorm's parameters included"
      case .stored: "\(name) operands and results: every layer's output is rounded, too"
      }
    return "the engine has \(what)" + modeText
      + (foldsFirst && !isFolded ? ", after BatchNorm is folded" : "")
  }
}

extension Rounding {
  private var modeText: String {
    switch mode {
    case .nearest: ""
    case .truncated: ", truncated instead of rounded to nearest"
    case .flushed: ", with zero instead of subnormal numbers"
    }
  }
}

extension Rounding.Format {
  fileprivate var fullName: String {
    switch self {
    case .bf16: "bfloat16"
    case .f16: "float16"
    case .tf32: "TF32"
    case .i8: "8-bit integer"
    }
  }
}

extension EngineClass {
  /// The class of outputs computed in a format.
  init(_ format: Rounding.Format) {
    self =
      switch format {
      case .bf16: .bf16
      case .f16: .f16
      case .tf32: .tf32
      case .i8: .i8
      }
  }
}
