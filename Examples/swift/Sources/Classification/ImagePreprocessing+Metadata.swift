import Images
import SWT

extension ImagePreprocessing {
  /// The keys that a file must have so that nothing is assumed.
  static let keys = [
    "pre.resize", "pre.size", "pre.interpolation", "pre.channels", "pre.scale", "pre.mean", "pre.std",
  ]

  /// The preprocessing in a weight file's metadata: the keys `pre.…` of FORMAT.md, section 7. The usual
  /// ImageNet preprocessing is used for absent keys.
  ///
  /// - Parameter metadata: Returns the value of a key, like `SWTFile.metadata(_:)`.
  /// - Throws: ``ClassificationError/metadata(_:)`` with the key of an invalid value.
  public init(_ metadata: (String) -> SWTValue?) throws {
    self.init()
    func read<Value>(_ key: String, _ meaning: (SWTValue) -> Value?) throws -> Value? {
      guard let stated = metadata(key) else { return nil }
      guard let value = meaning(stated) else { throw ClassificationError.metadata(key) }
      return value
    }
    resize = try read("pre.resize", Self.side) ?? resize
    crop = try read("pre.size", Self.side) ?? crop
    filter = try read("pre.interpolation") { $0.text.flatMap(Filter.init) } ?? filter
    channels = try read("pre.channels") { $0.text.flatMap { Self.orders[$0] } } ?? channels
    scale = try read("pre.scale", Self.scale) ?? scale
    mean = try read("pre.mean", Self.triple) ?? mean
    deviation = try read("pre.std") { Self.triple($0).flatMap { $0.contains(0) ? nil : $0 } } ?? deviation
  }

  private static let orders = ["RGB": [0, 1, 2], "BGR": [2, 1, 0]]

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
