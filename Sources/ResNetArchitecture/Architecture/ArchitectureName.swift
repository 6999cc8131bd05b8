// Names: a published one, or a description, followed by what differs. Every name that is printed can be read.

extension Architecture {
  /// The network with that name; `nil` if there is none. A published name has its published number of
  /// classes.
  ///
  /// Parts after an underscore give what differs from the network before it, in particular what shapes do not
  /// determine: `resnet50_v1` puts the stride on the first 1×1 convolution, `resnet50_os8` keeps an output
  /// stride of 8 by dilation. Networks without a published name are described:
  /// `resnext_2-1-2-1_16x8d_base16`.
  public static func named(_ name: String) -> Architecture? {
    let parts = name.split(separator: "_", omittingEmptySubsequences: false)
    for count in (1...parts.count).reversed() {
      let start = parts[..<count].joined(separator: "_")
      guard var architecture = published(start) ?? described(parts[..<count]) else { continue }
      var next = 0
      for part in parts[count...] {
        // In the order in which they are written, each at most once.
        guard
          let index = NameToken.all[next...].firstIndex(where: { $0.apply(part, &architecture) })
        else { return nil }
        next = index + 1
      }
      return architecture.isConsistent ? architecture : nil
    }
    return nil
  }

  private static func published(_ name: String) -> Architecture? {
    published.first { $0.name == name }?.architecture
  }

  /// `resnext_2-1-2-1_16x8d`, `resnet_2-2-2-2_basic`.
  private static func described(_ parts: ArraySlice<Substring>) -> Architecture? {
    guard parts.count == 3, let family = parts.first,
      let layers = NameToken.numbers(parts[parts.startIndex + 1]),
      (1...8).contains(layers.count), layers.allSatisfy({ (1...1000).contains($0) })
    else { return nil }
    let body = parts[parts.startIndex + 2]
    if body == "basic" { return family == "resnet" ? Architecture(block: .basic, layers: layers) : nil }
    let sizes = body.dropLast().split(separator: "x", omittingEmptySubsequences: false)
    guard body.last == "d", sizes.count == 2, let groups = Int(sizes[0]), let width = Int(sizes[1]),
      (1...1 << 16).contains(groups), (1...1 << 16).contains(width),
      family == (groups > 1 ? "resnext" : "resnet")
    else { return nil }
    return Architecture(block: .bottleneck, layers: layers, groups: groups, widthPerGroup: width)
  }

  /// The published name, regardless of the number of classes, or else a description; then what differs.
  ///
  /// `resnext50_32x4d`, `resnet50_v1_os8`, or for an unpublished network `resnext_2-1-2-1_8x16d_base16`.
  public var name: String {
    var plain = visible
    plain.antialiasing = antialiasing
    plain.pool = plain.usualPool
    if let known = Self.published.first(where: { plain.hasSameBody(as: $0.architecture) })?.name {
      return known + differences(from: plain)
    }
    // An antialiased network has the name of the one without, if that is published.
    let aliased = visible
    if let known = Self.published.first(where: { aliased.hasSameBody(as: $0.architecture) })?.name {
      return known + differences(from: aliased)
    }
    var base = Architecture(
      block: block, layers: layers, groups: groups, widthPerGroup: widthPerGroup, classCount: classCount)
    base.headHasBias = headHasBias
    return base.description + differences(from: base)
  }

  private var description: String {
    "\(family)_" + layers.map(String.init).joined(separator: "-")
      + (block == .bottleneck ? "_\(groups)x\(widthPerGroup)d" : "_basic")
  }

  private func differences(from base: Architecture) -> String {
    NameToken.all.compactMap { $0.text(self, base) }.map { "_\($0)" }.joined()
  }

  /// Name and number of classes: `resnext50_32x4d (1000 classes)`.
  public var summary: String {
    "\(name) (\(classCount.map { "\($0) classes" } ?? "headless"))"
  }
}
