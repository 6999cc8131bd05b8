internal import SWTBytes
internal import SWTVerification

/// What there is to see of one output's errors, in figures small enough for a page.
///
/// Lists are short and their numbers have few digits: they are looked at, and judged by nobody.
package struct ErrorPicture: Equatable, Sendable {
  /// One element: of the scatter, or of the worst.
  package struct Element: Equatable, Sendable {
    /// Flat index in `[N, …]`.
    package let index: Int
    /// The reference's value.
    package let expected: Double
    /// The model's value.
    package let actual: Double
    /// `|y − r| / std(r)`; infinite where `y` is not finite.
    package let error: Double
  }

  /// One label of one image.
  package struct Label: Equatable, Sendable {
    /// Index of the class.
    package let label: Int
    /// The reference's logit.
    package let expected: Double
    /// The model's logit.
    package let actual: Double
  }

  /// How many errors lie in `10^exponent ..< 10^(exponent + step)` of the reference's deviation.
  package struct Bin: Equatable, Sendable {
    /// Decimal logarithm of where the bin begins.
    package let exponent: Double
    /// Elements in it.
    package let count: Int
  }

  /// Width of a bin, in decades.
  package static let step = 0.25
  private static let exponents = -12.0...4.0
  private static let pointLimit = 1000
  private static let worstLimit = 20
  private static let labelLimit = 10
  private static let itemLimit = 4

  /// Elements of the output.
  package let elementCount: Int
  /// Elements without any error, which no logarithm shows.
  package let exactCount: Int
  /// Elements that are NaN or infinite.
  package let nonFiniteCount: Int
  /// From the first bin with an element in it to the last.
  package let histogram: [Bin]
  /// At most a thousand elements, evenly chosen.
  package let points: [Element]
  /// The largest errors, largest first.
  package let worst: [Element]
  /// The largest logits of the reference, for each of the first images.
  package let labels: [[Label]]

  /// The picture of an output's values beside their reference.
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

  /// Places of the largest values, largest first; the lower place first among equals.
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

  /// To so many significant digits.
  static func rounded(_ value: Double, _ digits: Int) -> Double {
    guard value.isFinite, value != 0 else { return value }
    let exponent = Int(Logarithm.base10(abs(value)).rounded(.down))
    let power = Logarithm.power10(digits - 1 - exponent)
    let scaled = (value * power).rounded() / power
    return scaled.isFinite ? scaled : value
  }
}

extension GoldenReport.Comparison {
  /// What there is to draw, of the network's output alone.
  var picture: ErrorPicture? { values.map { ErrorPicture($0) } }
}
