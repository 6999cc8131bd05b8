internal import SWTPlatform

/// Logarithms and powers to base 10, from the C library.
package enum Logarithm {
  package static func base10(_ value: Double) -> Double { log10(value) }
  package static func power10(_ exponent: Int) -> Double { pow(10, Double(exponent)) }
  package static func power10(_ exponent: Double) -> Double { pow(10, exponent) }
}
