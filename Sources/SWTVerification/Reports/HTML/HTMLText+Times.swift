internal import SWTBytes
internal import SWTPages

extension HTMLText {
  /// A multiple of a floor.
  static func times(_ value: Double) -> String {
    value.isFinite && value >= 1000 ? number(value) : Text.times(value)
  }
}
