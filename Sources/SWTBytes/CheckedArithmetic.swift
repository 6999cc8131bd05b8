/// Arithmetic on numbers from a file: overflow is an error, never a trap.
package enum Checked {
  package static func add(_ a: Int, _ b: Int, _ field: String) throws(ParseFailure) -> Int {
    let (sum, overflow) = a.addingReportingOverflow(b)
    guard !overflow else { throw ParseFailure(.overflow(field)) }
    return sum
  }

  package static func multiply(_ a: Int, _ b: Int, _ field: String) throws(ParseFailure) -> Int {
    let (product, overflow) = a.multipliedReportingOverflow(by: b)
    guard !overflow else { throw ParseFailure(.overflow(field)) }
    return product
  }

  /// The product of non-negative dimensions; 1 for rank 0.
  ///
  /// A zero dimension makes the product zero, even if the others overflow.
  package static func product(_ dimensions: [Int], _ field: String) throws(ParseFailure) -> Int {
    guard !dimensions.contains(0) else { return 0 }
    var product = 1
    for dimension in dimensions {
      guard dimension > 0 else { throw ParseFailure(.invalid("\(field): negative dimension \(dimension)")) }
      product = try multiply(product, dimension, field)
    }
    return product
  }

  /// A 64-bit integer from a file as an `Int`: other modules would call the generic one without specialization.
  package static func int(_ value: UInt64, _ field: String) throws(ParseFailure) -> Int {
    guard value <= UInt64(Int.max) else { throw ParseFailure(.overflow(field)) }
    return Int(value)
  }

  /// An integer from a file as an `Int`.
  package static func int(_ value: some BinaryInteger, _ field: String) throws(ParseFailure) -> Int {
    guard let result = Int(exactly: value) else { throw ParseFailure(.overflow(field)) }
    return result
  }
}
