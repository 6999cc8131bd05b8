internal import SWTBytes
internal import SWTConsole
internal import SWTVerification

extension HTMLText {
  /// A multiple of a floor.
  static func times(_ value: Double) -> String {
    value.isFinite && value >= 1000 ? number(value) : Text.times(value)
  }
}
