import SWTTensors
import Testing

/// Sixteen and eight bits, beside the compiler's own conversions and PyTorch's.
@Suite struct NarrowFloatTests {
  /// Numbers around every half and every bfloat: each, its neighbors, and the ties between two.
  static let numbers: [Double] = {
    var numbers = [0, -0.0, .infinity, -.infinity, .greatestFiniteMagnitude, .leastNonzeroMagnitude]
    for bits in stride(from: UInt16(0), to: .max, by: 3) {
      for value in [HalfPrecision.float(half: bits), HalfPrecision.float(bfloat: bits)] where value.isFinite {
        let exact = Double(value)
        let tie = exact + Double(value.ulp) * 0x1p12
        numbers += [exact, exact.nextUp, exact.nextDown, tie, tie.nextUp, tie.nextDown]
        numbers += [exact + Double(value.ulp) * 0x1p15]
      }
    }
    return numbers
  }()

  #if !(os(macOS) && arch(x86_64))
    @Test func `every half is what the compiler's own type says`() {
      for bits in UInt16.min...UInt16.max {
        let value = HalfPrecision.float(half: bits)
        let expected = Float(Float16(bitPattern: bits))
        #expect(value.bitPattern == expected.bitPattern || value.isNaN && expected.isNaN, "\(bits)")
        guard !value.isNaN else { continue }
        #expect(HalfPrecision.half(value) == bits)
        #expect(HalfPrecision.half(Double(value)) == bits)
      }
    }

    /// A detour over float32 rounds twice: 1 + 2^-11 + 2^-40 would become 1.
    @Test func `doubles are rounded to halves once`() {
      var wrong = 0
      for number in Self.numbers { wrong += HalfPrecision.half(number) == Float16(number).bitPattern ? 0 : 1 }
      #expect(wrong == 0)
      #expect(HalfPrecision.half(1 + 0x1p-11 + 0x1p-40) == 0x3C01)
    }

    @Test func `floats are rounded to halves, ties to even`() {
      var wrong = 0
      for number in Self.numbers {
        let value = Float(number)
        wrong += HalfPrecision.half(value) == Float16(value).bitPattern ? 0 : 1
      }
      #expect(wrong == 0)
    }
  #endif

  /// The nearer of the two bfloats around a number, the even one of two as near.
  private static func nearest(_ number: Double) -> UInt16 {
    let toward = Float(min(number.magnitude, Double(Float.greatestFiniteMagnitude)))
    let isPast = Double(toward) > number.magnitude && toward.bitPattern & 0xFFFF == 0
    let down = (toward.bitPattern >> 16) - (isPast ? 1 : 0)
    let below = Double(Float(bitPattern: down << 16))
    // Beyond the largest is where the next one would be.
    let above = down == 0x7F7F ? 0x1p128 : Double(Float(bitPattern: (down + 1) << 16))
    let (left, right) = (number.magnitude - below, above - number.magnitude)
    let bits = left < right || left == right && down % 2 == 0 ? down : down + 1
    return UInt16(bits) | (number.sign == .minus ? 0x8000 : 0)
  }

  @Test func `doubles are rounded to bfloats once, ties to even`() {
    var wrong = 0
    for number in Self.numbers where number.isFinite {
      wrong += HalfPrecision.bfloat(number) == Self.nearest(number) ? 0 : 1
      let value = Float(number)
      if value.isFinite { wrong += HalfPrecision.bfloat(value) == Self.nearest(Double(value)) ? 0 : 1 }
    }
    #expect(wrong == 0)
    #expect(HalfPrecision.bfloat(1 + 0x1p-8 + 0x1p-40) == 0x3F81)
    #expect(
      HalfPrecision.bfloat(Float.infinity) == 0x7F80 && HalfPrecision.bfloat(-Double.infinity) == 0xFF80)
  }

  @Test func `a NaN stays one`() {
    for bits in [0x7F80_0001, 0x7FC0_0000, 0x7FFF_FFFF, 0xFF80_0001] as [UInt32] {
      let value = Float(bitPattern: bits)
      #expect(HalfPrecision.float(half: HalfPrecision.half(value)).isNaN)
      #expect(HalfPrecision.float(bfloat: HalfPrecision.bfloat(value)).isNaN)
      #expect(HalfPrecision.float(half: HalfPrecision.half(Double(value))).isNaN)
    }
  }

  /// `torch.arange(256, dtype=torch.uint8).view(dtype).float()` of torch 2.13: FNV-1a over the 256 words, each NaN as
  /// 7fc00000, and some of them to read.
  struct Eighth: Sendable, CustomTestStringConvertible {
    let type: ScalarType
    let hash: UInt64
    let some: [UInt8: Float]
    var testDescription: String { type.rawValue }
  }

  static let eighths = [
    Eighth(
      type: .float8_e4m3fn, hash: 0x0899_3AF4_628B_B725,
      some: [0x01: 0x1p-9, 0x08: 0x1p-6, 0x38: 1, 0x7E: 448, 0xB9: -1.125]),
    Eighth(
      type: .float8_e5m2, hash: 0x00CE_E283_8E6B_B725,
      some: [0x01: 0x1p-16, 0x3C: 1, 0x7B: 57344, 0x7C: .infinity, 0xB9: -0.625]),
    Eighth(
      type: .float8_e4m3fnuz, hash: 0x4065_565A_F2AB_B725,
      some: [0x01: 0x1p-10, 0x38: 0.5, 0x7F: 240, 0xFF: -240]),
    Eighth(
      type: .float8_e5m2fnuz, hash: 0x3996_9815_CEAB_B725, some: [0x01: 0x1p-17, 0x3C: 0.5, 0x7F: 57344]),
    Eighth(
      type: .float8_e8m0fnu, hash: 0x56F9_E058_2B6B_B725, some: [0x00: 0x1p-127, 0x7F: 1, 0xFE: 0x1p127]),
  ]

  @Test(arguments: eighths)
  func `all 256 numbers of eight bits are PyTorch's`(truth: Eighth) {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for bits in UInt8.min...UInt8.max {
      let value = EighthPrecision.float(bits, truth.type)
      hash = (hash ^ UInt64(value.isNaN ? 0x7FC0_0000 : value.bitPattern)) &* 0x100_0000_01B3
    }
    #expect(hash == truth.hash)
    for (bits, value) in truth.some { #expect(EighthPrecision.float(bits, truth.type) == value, "\(bits)") }
  }

  /// Steele, Lea and Flood's reference from the seed 0.
  @Test func `the generator gives the published numbers`() {
    let gamma: UInt64 = 0x9E37_79B9_7F4A_7C15
    let published: [UInt64] = [0xE220_A839_7B1D_CDAF, 0x6E78_9E6A_A1B9_65F4, 0x06C4_5D18_8009_454F]
    for (step, number) in published.enumerated() { #expect(SplitMix64.at(UInt64(step) &* gamma) == number) }
    for step in 0..<1000 { #expect((-1..<1).contains(SplitMix64.unit(UInt64(step)))) }
  }
}
