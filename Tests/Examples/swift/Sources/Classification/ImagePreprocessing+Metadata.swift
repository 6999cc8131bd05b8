import Images
import SWT

extension ImagePreprocessing {
  /// What a file has to state so that nothing is assumed.
  static let keys = [
    "pre.resize", "pre.size", "pre.interpolation", "pre.channels", "pre.scale", "pre.mean", "pre.std",
  ]

  /// What a weight file says about its input: the keys `pre.…` of FORMAT.md, section 7. ImageNet's usual recipe stands in
  /// for what it does not say.
  ///
  /// - Throws: ``ClassificationError/metadata(_:)``.
  public init(_ file: SWTFile) throws {
    self.init()
    if let value = try Self.side(file, "pre.resize") { resize = value }
    if let value = try Self.side(file, "pre.size") { crop = value }
    if let value = file.metadata("pre.interpolation") {
      guard case .text(let name) = value, let known = Filter(rawValue: name) else {
        throw ClassificationError.metadata("pre.interpolation")
      }
      filter = known
    }
    switch file.metadata("pre.channels") {
    case nil, .text("RGB"): channels = [0, 1, 2]
    case .text("BGR"): channels = [2, 1, 0]
    default: throw ClassificationError.metadata("pre.channels")
    }
    if let value = file.metadata("pre.scale") {
      guard case .double(let number) = value, number.isFinite, number > 0 else {
        throw ClassificationError.metadata("pre.scale")
      }
      scale = number
    }
    if let values = try Self.triple(file, "pre.mean") { mean = values }
    if let values = try Self.triple(file, "pre.std") {
      guard values.allSatisfy({ $0 > 0 }) else { throw ClassificationError.metadata("pre.std") }
      deviation = values
    }
  }

  private static func side(_ file: SWTFile, _ key: String) throws -> Int? {
    guard let value = file.metadata(key) else { return nil }
    guard case .integer(let number) = value, (1...4096).contains(number) else {
      throw ClassificationError.metadata(key)
    }
    return Int(number)
  }

  private static func triple(_ file: SWTFile, _ key: String) throws -> [Double]? {
    guard let value = file.metadata(key) else { return nil }
    guard case .doubles(let numbers) = value, numbers.count == 3, numbers.allSatisfy({ $0.isFinite }) else {
      throw ClassificationError.metadata(key)
    }
    return numbers
  }
}
