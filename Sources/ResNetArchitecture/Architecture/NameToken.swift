/// One part of a network's name after the base: how it is written, and how it is read.
struct NameToken: Sendable {
  /// The part for a network, where it differs from the one that the base of the name describes.
  let text: @Sendable (_ network: Architecture, _ base: Architecture) -> String?
  /// Applies the part; false if it is another one.
  let apply: @Sendable (Substring, inout Architecture) -> Bool

  /// All parts, in the order in which they are written.
  static let all: [NameToken] = [
    count("base", \.basePlanes), count("in", \.inputChannels), cifar, stem, deepStem,
    NameToken(
      text: {
        $0.stemChannels == $1.stemChannels + $0.basePlanes - $1.basePlanes ? nil : "stem\($0.stemChannels)"
      },
      apply: { part, network in
        guard let value = number(part, after: "stem") else { return false }
        network.stemChannels = value
        return true
      }),
    words([
      ("pad", \.shortcut, .padding), ("avgpool", \.shortcut, .averagePool),
      ("avgpoolsame", \.shortcut, .averagePoolSame),
    ]),
    attention,
    NameToken(
      text: { network, base in
        guard network.antialiasing != base.antialiasing else { return nil }
        return network.antialiasing == .blur ? "blur" : "aa"
      },
      apply: { part, network in
        guard network.antialiasing == nil, part == "aa" || part == "blur" else { return false }
        network.antialiasing = part == "aa" ? .average : .blur
        return true
      }),
    pool,
    NameToken(
      text: { $0.block == .bottleneck && $0.strideOn != $1.strideOn ? "v1" : nil },
      apply: { part, network in
        guard part == "v1", network.block == .bottleneck, network.strideOn == .conv2 else { return false }
        network.strideOn = .conv1
        return true
      }),
    dilations,
    list("first", \.firstDilations), list("strides", \.strides),
    words([("maxhead", \.finalPool, .maximum)]),
  ]

  // MARK: - Kinds of parts

  /// A word for each value of a property.
  private static func words<Value: Equatable & Sendable>(
    _ words: [(word: String, path: any WritableKeyPath<Architecture, Value> & Sendable, value: Value)]
  ) -> NameToken {
    NameToken(
      text: { network, base in
        words.first { network[keyPath: $0.path] == $0.value && base[keyPath: $0.path] != $0.value }?.word
      },
      apply: { part, network in
        guard let found = words.first(where: { $0.word == part }), network[keyPath: found.path] != found.value
        else { return false }
        network[keyPath: found.path] = found.value
        return true
      })
  }

  /// A word and a number: `base16`.
  private static func count(
    _ word: String, _ path: any WritableKeyPath<Architecture, Int> & Sendable
  ) -> NameToken {
    NameToken(
      text: { network, base in
        network[keyPath: path] == base[keyPath: path] ? nil : "\(word)\(network[keyPath: path])"
      },
      apply: { part, network in
        guard let value = number(part, after: word) else { return false }
        // The channels of the stem follow the planes of the first stage.
        if word == "base" { network.stemChannels += value - network.basePlanes }
        network[keyPath: path] = value
        return true
      })
  }

  /// A word and a number per stage: `strides1-2-2-1`.
  private static func list(
    _ word: String, _ path: any WritableKeyPath<Architecture, [Int]> & Sendable
  ) -> NameToken {
    NameToken(
      text: { network, base in
        var other = base
        // Both follow the dilations, which are written before.
        other.setDilations(network.dilations)
        guard network[keyPath: path] != other[keyPath: path] else { return nil }
        return word + network[keyPath: path].map(String.init).joined(separator: "-")
      },
      apply: { part, network in
        guard part.hasPrefix(word), let values = numbers(part.dropFirst(word.count)),
          values.count == network.layers.count
        else { return false }
        network[keyPath: path] = values
        return true
      })
  }

  // MARK: - Stem and pooling

  private static let cifar = NameToken(
    text: { $0.stem == .conv3x3 && $1.stem != .conv3x3 ? "cifar" : nil },
    apply: { part, network in
      guard part == "cifar" else { return false }
      network.stem = .conv3x3
      return true
    })

  /// `conv7x7s1p3`.
  private static let stem = NameToken(
    text: { network, base in
      guard network.stem != base.stem, !network.stem.isDeep, network.stem != .conv3x3 || base.stem == .conv3x3
      else { return nil }
      return "conv" + window(network.stem.kernel, network.stem.stride, network.stem.padding)
    },
    apply: { part, network in
      guard part.hasPrefix("conv"), let sizes = window(part.dropFirst(4)), sizes.rest.isEmpty else {
        return false
      }
      network.stem = .init(kernel: sizes.kernel, stride: sizes.stride, padding: sizes.padding)
      return true
    })

  /// `deep32-32`, and the stride of the first convolution if it is not 2: `deep32-32s1`.
  private static let deepStem = NameToken(
    text: { network, base in
      let stem = network.stem
      guard stem != base.stem, stem.isDeep else { return nil }
      return "deep" + stem.widths.map(String.init).joined(separator: "-")
        + (stem.stride == 2 ? "" : "s\(stem.stride)")
    },
    apply: { part, network in
      guard part.hasPrefix("deep") else { return false }
      let parts = part.dropFirst(4).split(separator: "s", omittingEmptySubsequences: false)
      guard let widths = parts.first.flatMap(numbers), widths.count == 2, parts.count <= 2 else {
        return false
      }
      var stride = 2
      if parts.count == 2 {
        guard let value = Int(parts[1]) else { return false }
        stride = value
      }
      network.stem = .deep(widths, stride: stride)
      return true
    })

  /// `nopool`, `pool3x3s2p0ceil`, `poolavg2x2s2p0`.
  private static let pool = NameToken(
    text: { network, base in
      var other = base
      (other.stem, other.antialiasing) = (network.stem, network.antialiasing)
      guard network.pool != other.pool else { return nil }
      guard let pool = network.pool else { return "nopool" }
      return "pool" + (pool.kind == .average ? "avg" : "") + window(pool.kernel, pool.stride, pool.padding)
        + (pool.ceilMode ? "ceil" : "") + (pool.isBlurred ? "blur" : "")
    },
    apply: { part, network in
      if part == "nopool" {
        network.pool = nil
        return true
      }
      guard part.hasPrefix("pool") else { return false }
      let isAverage = part.hasPrefix("poolavg")
      guard let sizes = window(part.dropFirst(isAverage ? 7 : 4)),
        ["", "ceil", "blur", "ceilblur"].contains(sizes.rest)
      else { return false }
      network.pool = .init(
        isAverage ? .average : .maximum, kernel: sizes.kernel, stride: sizes.stride, padding: sizes.padding,
        ceilMode: sizes.rest.hasPrefix("ceil"), isBlurred: sizes.rest.hasSuffix("blur"))
      return true
    })

  // MARK: - Stages

  /// `se8-16-32-64`, `eca3-3-5-5`.
  private static let attention = NameToken(
    text: { network, base in
      guard network.attention != base.attention else { return nil }
      switch network.attention {
      case nil: return nil
      case .squeezeExcitation(let channels):
        return "se" + channels.map(String.init).joined(separator: "-")
      case .eca(let kernels): return "eca" + kernels.map(String.init).joined(separator: "-")
      }
    },
    apply: { part, network in
      if part.hasPrefix("se"), let channels = numbers(part.dropFirst(2)) {
        network.attention = .squeezeExcitation(channels)
      } else if part.hasPrefix("eca"), let kernels = numbers(part.dropFirst(3)) {
        network.attention = .eca(kernels)
      } else {
        return false
      }
      return true
    })

  private static let outputStrides = [("os8", [1, 1, 2, 4]), ("os16", [1, 1, 1, 2])]

  /// `os8`, `os16`, `dilated2-2-4-4`.
  private static let dilations = NameToken(
    text: { network, base in
      guard network.dilations != base.dilations else { return nil }
      return outputStrides.first { $0.1 == network.dilations }?.0
        ?? "dilated" + network.dilations.map(String.init).joined(separator: "-")
    },
    apply: { part, network in
      guard
        let values = outputStrides.first(where: { $0.0 == part })?.1
          ?? (part.hasPrefix("dilated") ? numbers(part.dropFirst(7)) : nil),
        values.count == network.layers.count
      else { return false }
      network.setDilations(values)
      return true
    })

  // MARK: - Numbers

  private static func number(_ part: Substring, after word: String) -> Int? {
    guard part.hasPrefix(word), let value = Int(part.dropFirst(word.count)), (1...1 << 16).contains(value)
    else {
      return nil
    }
    return value
  }

  static func numbers(_ text: Substring) -> [Int]? {
    let parts = text.split(separator: "-", omittingEmptySubsequences: false)
    let values = parts.compactMap { Int($0) }
    return values.count == parts.count && values.allSatisfy { (1...1 << 16).contains($0) } ? values : nil
  }

  private static func window(_ kernel: Int, _ stride: Int, _ padding: Int) -> String {
    "\(kernel)x\(kernel)s\(stride)p\(padding)"
  }

  /// `7x7s2p3` at the start, and the rest.
  private static func window(
    _ text: Substring
  ) -> (kernel: Int, stride: Int, padding: Int, rest: Substring)? {
    func digits(_ text: Substring) -> Substring { text.prefix { $0.isASCII && $0.isNumber } }
    var rest = text
    var values: [Int] = []
    for mark in ["", "x", "s", "p"] {
      guard rest.hasPrefix(mark) else { return nil }
      rest = rest.dropFirst(mark.count)
      let number = digits(rest)
      guard let value = Int(number) else { return nil }
      values.append(value)
      rest = rest.dropFirst(number.count)
    }
    return values[0] == values[1] ? (values[0], values[2], values[3], rest) : nil
  }
}

extension Architecture {
  /// Sets the dilations; first blocks have the previous stage's, and larger dilations replace strides.
  public mutating func setDilations(_ dilations: [Int]) {
    self.dilations = dilations
    firstDilations = Self.contracted(dilations)
    strides = Self.strides(dilations: dilations)
  }
}
