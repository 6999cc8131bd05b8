#if canImport(Darwin)
  internal import Darwin
#elseif canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#endif

/// What this module needs of the C library's mathematics.
enum Logarithm {
  static func base10(_ value: Double) -> Double { log10(value) }
  static func power10(_ exponent: Int) -> Double { pow(10, Double(exponent)) }
  static func power10(_ exponent: Double) -> Double { pow(10, exponent) }
}
