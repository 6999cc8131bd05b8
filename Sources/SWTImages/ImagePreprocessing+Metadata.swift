public import SWT

extension ImagePreprocessing {
  /// The keys that have no usual value: a network trained with other ones than those assumed is wrong without
  /// any error.
  private static let needed = ["pre.mean", "pre.std", "pre.resize", "pre.size"]

  /// The keys among mean, standard deviation and size that a file lacks, so ImageNet's are assumed.
  ///
  /// - Parameter metadata: Returns the value of a key, like `SWTFile.metadata(_:)`.
  /// - Returns: The keys, in the order mean, standard deviation, resize, size.
  public static func assumed(_ metadata: (String) -> SWTValue?) -> [String] {
    needed.filter { metadata($0) == nil }
  }

  /// The preprocessing in a weight file's metadata: the keys `pre.…` of FORMAT.md, section 7.
  ///
  /// What is absent is RGB, 1/255, bilinear and antialiased, and ImageNet's mean, standard deviation and
  /// size. If only one of `pre.resize` and `pre.size` is stated, the other is the same.
  ///
  /// - Parameter metadata: Returns the value of a key, like `SWTFile.metadata(_:)`.
  /// - Throws: ``ImageFailure/metadata(key:)`` with the key of an invalid value.
  public init(_ metadata: (String) -> SWTValue?) throws(ImageFailure) {
    self.init()
    func read<Value>(_ key: String, _ meaning: (SWTValue) -> Value?) throws(ImageFailure) -> Value? {
      guard let stated = metadata(key) else { return nil }
      guard let value = meaning(stated) else { throw .metadata(key: key) }
      return value
    }
    let (resize, crop) = (try read("pre.resize", Self.side), try read("pre.size", Self.side))
    self.resize = resize ?? crop ?? self.resize
    self.crop = crop ?? resize ?? self.crop
    filter = try read("pre.interpolation") { $0.text.flatMap(ResamplingFilter.init) } ?? filter
    channels = try read("pre.channels") { $0.text.flatMap(Self.order) } ?? channels
    scale = try read("pre.scale", Self.scale) ?? scale
    mean = try read("pre.mean", Self.triple) ?? mean
    standardDeviation =
      try read("pre.std") { Self.triple($0).flatMap { $0.contains(0) ? nil : $0 } } ?? standardDeviation
    // Of these there is one kind only.
    _ = try read("pre.crop") { $0 == .text("center") ? true : nil }
    _ = try read("pre.antialias") { $0 == .bool(true) ? true : nil }
  }

  private static func order(_ name: String) -> [Int]? {
    switch name {
    case "RGB": [0, 1, 2]
    case "BGR": [2, 1, 0]
    default: nil
    }
  }

  private static func side(_ value: SWTValue) -> Int? {
    guard case .integer(let number) = value, (1...4096).contains(number) else { return nil }
    return Int(number)
  }

  private static func scale(_ value: SWTValue) -> Double? {
    guard case .double(let number) = value, number.isFinite, number > 0 else { return nil }
    return number
  }

  private static func triple(_ value: SWTValue) -> [Double]? {
    guard case .doubles(let numbers) = value, numbers.count == 3 else { return nil }
    return numbers.allSatisfy(\.isFinite) ? numbers : nil
  }
}

extension SWTValue {
  fileprivate var text: String? { if case .text(let text) = self { text } else { nil } }
}
