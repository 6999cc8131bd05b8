import CRounding
import SWTTensors
import Testing

/// Compares the C loops with scalar Swift reference functions.
@Suite struct RoundingTests {
  static let forms = [P2S_ROUNDING_BEST, P2S_ROUNDING_PORTABLE, P2S_ROUNDING_AVX2].filter {
    p2s_rounding_has($0) != 0
  }

  /// Values around every bit pattern: ties, subnormals, overflow, infinities, and seeded random ones.
  private static let numbers: [Double] = {
    var numbers: [Double] = [
      0, -0.0, .infinity, -.infinity, 65504, 65519.99, 65520, 1e300, -1e300, .leastNonzeroMagnitude,
    ]
    for bits in stride(from: UInt16(0), through: 0xFFFF, by: 7) {
      let half = Double(HalfPrecision.float(half: bits))
      let bfloat = Double(HalfPrecision.float(bfloat: bits))
      for value in [half, bfloat] where value.isFinite {
        numbers += [value, value.nextUp, value.nextDown, value * 1.00048828125, value + value.ulp * 0x1p28]
      }
    }
    for i in 0..<4000 { numbers.append(Double(SplitMix64.unit(UInt64(i))) * 0x1p-14 * Double(1 + i % 9)) }
    return numbers
  }()

  private func round<T: FixedWidthInteger>(
    _ type: p2s_element, _ exact: [Double], _ form: p2s_rounding_form, _: T.Type
  ) -> (bits: [T], done: Int, error: p2s_rounding_error) {
    var bits = [T](repeating: 0, count: exact.count)
    var error = p2s_rounding_error()
    let done = unsafe p2s_round(type, exact, &bits, exact.count, &error, form)
    return (bits, done, error)
  }

  @Test(arguments: forms)
  func `halves and bfloats are rounded once, to nearest, ties to even`(form: p2s_rounding_form) {
    let halves = Self.numbers.filter { !$0.isFinite || abs($0) < 65520 }
    let half = round(P2S_ELEMENT_F16, halves, form, UInt16.self)
    #expect(half.done == halves.count)
    #expect(half.bits == halves.map { HalfPrecision.half($0) })

    let bfloats = Self.numbers.filter { !$0.isFinite || abs($0) < 1e38 }
    let bfloat = round(P2S_ELEMENT_BF16, bfloats, form, UInt16.self)
    #expect(bfloat.done == bfloats.count)
    #expect(bfloat.bits == bfloats.map { HalfPrecision.bfloat($0) })
  }

  @Test(arguments: forms)
  func `floats are rounded as Swift does it`(form: p2s_rounding_form) {
    let numbers = Self.numbers.filter { !$0.isFinite || abs($0) < 1e38 }
    #expect(
      round(P2S_ELEMENT_F32, numbers, form, UInt32.self).bits == numbers.map { Float($0).bitPattern })
    #expect(round(P2S_ELEMENT_F64, numbers, form, UInt64.self).bits == numbers.map(\.bitPattern))
  }

  @Test(arguments: forms)
  func `every half and every bfloat is widened exactly`(form: p2s_rounding_form) {
    let patterns = (0...UInt16.max).map { $0 }
    var values = [Double](repeating: 0, count: patterns.count)
    unsafe p2s_widen(P2S_ELEMENT_F16, patterns, &values, patterns.count, form)
    for (bits, value) in zip(patterns, values) {
      let expected = Double(HalfPrecision.float(half: bits))
      #expect(value == expected || value.isNaN && expected.isNaN)
    }
    unsafe p2s_widen(P2S_ELEMENT_BF16, patterns, &values, patterns.count, form)
    for (bits, value) in zip(patterns, values) {
      let expected = Double(HalfPrecision.float(bfloat: bits))
      #expect(value == expected || value.isNaN && expected.isNaN)
    }
  }

  @Test(arguments: forms, [0, 1, 7, 8, 9, 511, 512, 513, 1100])
  func `the first finite number that becomes infinite is named`(form: p2s_rounding_form, place: Int) {
    var exact = [Double](repeating: 1, count: 1200)
    exact[place] = 65520
    exact[1150] = -1e9
    #expect(round(P2S_ELEMENT_F16, exact, form, UInt16.self).done == place)
    exact[place] = .infinity
    #expect(round(P2S_ELEMENT_F16, exact, form, UInt16.self).done == 1150)
  }

  @Test(arguments: forms, [1, 7, 8, 100, 512, 1000])
  func `all forms give the same bits, errors included`(form: p2s_rounding_form, count: Int) {
    let exact = (0..<count).map { Double(SplitMix64.unit(UInt64($0 + 77))) * 3 }
    let fast = round(P2S_ELEMENT_F16, exact, form, UInt16.self)
    let plain = round(P2S_ELEMENT_F16, exact, P2S_ROUNDING_PORTABLE, UInt16.self)
    #expect(fast.bits == plain.bits)
    var (a, b) = (fast.error, plain.error)
    let (errorA, errorB) = unsafe (p2s_relative_error(&a), p2s_relative_error(&b))
    #expect(errorA == errorB)
    #expect(a.max_error == b.max_error && a.max_value == b.max_value)

    // The errors reported are the true ones.
    let stored = fast.bits.map { Double(HalfPrecision.float(half: $0)) }
    #expect(a.max_error == zip(exact, stored).map { abs($0 - $1) }.max())
    let squares = zip(exact, stored).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
    let relative = (squares / exact.reduce(0) { $0 + $1 * $1 }).squareRoot()
    #expect(abs(errorA - relative) <= 1e-12 * relative)
  }

  @Test(arguments: forms, [1, 8, 33, 513])
  func `integers are rounded to even and clamped`(form: p2s_rounding_form, count: Int) {
    // Ties and values beyond the range, among random ones.
    let exact = (0..<count).map { (i: Int) -> Double in
      if i % 5 == 0 { return 0.375 * Double(2 * (i % 300) - 301) }
      return Double(SplitMix64.unit(UInt64(i))) * 127
    }
    var stored = [Int8](repeating: 0, count: count)
    var error = p2s_rounding_error()
    unsafe p2s_quantize(exact, 0.75, &stored, count, &error, form)
    let expected = exact.map { (value: Double) -> Int8 in
      let rounded = (value / 0.75).rounded(.toNearestOrEven)
      return Int8(min(max(rounded, -127), 127))
    }
    #expect(stored == expected)
    let largest = exact.map { abs($0) }.max() ?? 0
    let found = unsafe p2s_largest_magnitude(exact, count, form)
    #expect(found == largest)
  }

  @Test(arguments: forms, [0, 8, 20])
  func `the largest of numbers with a NaN or an infinity is not finite`(form: p2s_rounding_form, place: Int) {
    for value in [Double.nan, .infinity, -.infinity] {
      var numbers = [Double](repeating: 2, count: 21)
      numbers[place] = value
      let found = unsafe p2s_largest_magnitude(numbers, numbers.count, form)
      #expect(!found.isFinite)
    }
  }
}
