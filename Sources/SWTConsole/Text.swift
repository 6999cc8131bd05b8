internal import SWTPlatform

/// Numbers and tables for people to read.
package enum Text {
  /// `25,028,904`.
  package static func grouped(_ value: Int) -> String {
    var digits = String(value.magnitude)
    var groups: [String] = []
    while digits.count > 3 {
      groups.append(String(digits.suffix(3)))
      digits.removeLast(3)
    }
    return (value < 0 ? "-" : "") + ([digits] + groups.reversed()).joined(separator: ",")
  }

  /// `3.14` with a fixed number of decimals.
  package static func fixed(_ value: Double, _ decimals: Int) -> String {
    guard value.isFinite else { return value.isNaN ? "nan" : value < 0 ? "-inf" : "inf" }
    var scale = 1.0
    for _ in 0..<decimals { scale *= 10 }
    let scaled = (abs(value) * scale).rounded(.toNearestOrEven)
    guard scaled < 1e18 else { return scientific(value) }
    var digits = String(UInt64(scaled))
    while digits.count <= decimals { digits = "0" + digits }
    let sign = value < 0 && scaled > 0 ? "-" : ""
    guard decimals > 0 else { return sign + digits }
    return "\(sign)\(digits.dropLast(decimals)).\(digits.suffix(decimals))"
  }

  /// `4.4e-06`: two significant digits, for tables of errors.
  package static func scientific(_ value: Double) -> String {
    guard value.isFinite else { return value.isNaN ? "nan" : value < 0 ? "-inf" : "inf" }
    guard value != 0 else { return "0" }
    var exponent = Int(floor(log10(abs(value))))
    // For the smallest numbers, the power of ten to divide by would underflow.
    var mantissa =
      exponent < -300 ? value * 1e300 / pow(10, Double(exponent + 300)) : value / pow(10, Double(exponent))
    if abs(mantissa) >= 9.95 {
      exponent += 1
      mantissa /= 10
    }
    let size = exponent.magnitude < 10 ? "0\(exponent.magnitude)" : "\(exponent.magnitude)"
    return "\(fixed(mantissa, 1))e\(exponent < 0 ? "-" : "+")\(size)"
  }

  /// `1.2 MB`, in decimal units as for disks and downloads.
  package static func bytes(_ count: Int) -> String {
    let units = ["B", "kB", "MB", "GB", "TB"]
    var value = Double(count)
    var unit = 0
    while value >= 1000, unit < units.count - 1 {
      value /= 1000
      unit += 1
    }
    return unit == 0 ? "\(count) B" : "\(fixed(value, value < 10 ? 2 : 1)) \(units[unit])"
  }
}
