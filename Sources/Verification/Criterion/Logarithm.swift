#if canImport(Darwin)
  internal import Darwin
#elseif canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#endif

/// The one function of the C library's mathematics that this module needs.
enum Logarithm {
  static func base10(_ value: Double) -> Double { log10(value) }
}
