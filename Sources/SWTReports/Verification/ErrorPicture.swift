internal import SWTBytes
internal import SWTVerification

/// Data for figures of an output's errors, small enough for a page.
///
/// Lists are short and numbers have few digits, because they are only for display.
package struct ErrorPicture: Equatable, Sendable {
  /// An element of the scatter plot, or one with a large error.
  package struct Element: Equatable, Sendable {
    /// Flat index in `[N, …]`.
    package let index: Int
    /// The reference's value.
    package let expected: Double
    /// The model's value.
    package let actual: Double
    /// `|y − r| / std(r)`; infinite if `y` is not finite.
    package let error: Double
  }

  /// A label of an image.
  package struct Label: Equatable, Sendable {
    /// Index of the class.
    package let label: Int
    /// The reference's logit.
    package let expected: Double
    /// The model's logit.
    package let actual: Double
  }

  /// Number of errors in `10^exponent ..< 10^(exponent + step)`, in standard deviations of the reference.
  package struct Bin: Equatable, Sendable {
    /// Base-10 logarithm of the bin's lower end.
    package let exponent: Double
    /// Number of elements in the bin.
    package let count: Int
  }

  /// Width of a bin, in decades.
  package static let step = 0.25
  private static let exponents = -12.0...4.0
  private static let pointLimit = 1000
  private static let worstLimit = 20
  private static let labelLimit = 10
  private static let itemLimit = 4

  /// Number of elements of the output.
  package let elementCount: Int
  /// Number of elements without error, which a logarithmic axis cannot show.
  package let exactCount: Int
  /// Number of elements that are NaN or infinite.
  package let nonFiniteCount: Int
  /// The bins from the first to the last that is not empty.
  package let histogram: [Bin]
  /// At most a thousand elements, evenly spaced.
  package let points: [Element]
  /// The largest errors, largest first.
  package let worst: [Element]
  /// The reference's largest logits, for each of the first images.
  package let labels: [[Label]]

  /// The picture of an output's values compared with the reference.
  init(_ values: ComparedValues) {
    let (result, reference, classes) = (values.result, values.reference, values.classes)
    let unit = values.scale > 0 ? values.scale : 1
    let errors = zip(result, reference).map { $0.isFinite ? abs($0 - $1) / unit : .infinity }
    func element(_ i: Int, _ digits: Int) -> Element {
      Element(
        index: i, expected: Self.rounded(reference[i], digits), actual: Self.rounded(result[i], digits),
        error: Self.rounded(errors[i], 4))
    }
    elementCount = reference.count
    exactCount = errors.count { $0 == 0 }
    nonFiniteCount = errors.count { !$0.isFinite }
    histogram = Self.histogram(errors)
    let stride = max(1, (reference.count + Self.pointLimit - 1) / Self.pointLimit)
    points = Swift.stride(from: 0, to: reference.count, by: stride).map { element($0, 4) }
    worst = Self.largest(errors, Self.worstLimit).map { element($0, 9) }
    labels = Self.labels(result, reference, classes)
  }

  private static func histogram(_ errors: [Double]) -> [Bin] {
    let count = Int((exponents.upperBound - exponents.lowerBound) / step)
    var counts = [Int](repeating: 0, count: count)
    for error in errors where error > 0 && error.isFinite {
      let place = (Logarithm.base10(error) - exponents.lowerBound) / step
      counts[min(max(Int(place.rounded(.down)), 0), count - 1)] += 1
    }
    guard let first = counts.firstIndex(where: { $0 > 0 }), let last = counts.lastIndex(where: { $0 > 0 })
    else { return [] }
    return (first...last).map { Bin(exponent: exponents.lowerBound + Double($0) * step, count: counts[$0]) }
  }

  private static func labels(_ result: [Double], _ reference: [Double], _ classes: Int?) -> [[Label]] {
    guard let classes, classes > 0 else { return [] }
    let starts = Swift.stride(from: 0, to: reference.count - classes + 1, by: classes).prefix(itemLimit)
    return starts.map { start in
      largest(Array(reference[start..<start + classes]), labelLimit).map { label in
        Label(
          label: label, expected: rounded(reference[start + label], 6),
          actual: rounded(result[start + label], 6))
      }
    }
  }

  /// Indices of the largest values, largest first; among equals, the lower index first.
  private static func largest(_ values: [Double], _ count: Int) -> [Int] {
    var best: [Int] = []
    for i in values.indices {
      if best.count == count, let last = best.last, values[i] <= values[last] { continue }
      let place = best.firstIndex { values[$0] < values[i] } ?? best.count
      best.insert(i, at: place)
      if best.count > count { best.removeLast() }
    }
    return best
  }

  /// Rounds to a number of significant digits.
  static func rounded(_ value: Double, _ digits: Int) -> Double {
    guard value.isFinite, value != 0 else { return value }
    let exponent = Int(Logarithm.base10(abs(value)).rounded(.down))
    let power = Logarithm.power10(digits - 1 - exponent)
    let scaled = (value * power).rounded() / power
    return scaled.isFinite ? scaled : value
  }
}

extension GoldenReport.Comparison {
  /// Data for figures; only for the network's output.
  var picture: ErrorPicture? { values.map { ErrorPicture($0) } }
}
