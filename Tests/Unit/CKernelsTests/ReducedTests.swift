import CKernels
import Testing

extension p2s_number {
  /// Channels in a word, bits of one.
  var channels: Int { self == .P2S_I8 ? 4 : 2 }
  var bits: Int { 32 / channels }
}

/// The elements of reduced tensors as numbers, packed into words and back by the plainest means.
enum Words {
  static func value(_ word: UInt32, _ place: Int, _ number: p2s_number, signed: Bool) -> Double {
    let bits = word >> UInt32(place * number.bits)
    switch number {
    case .P2S_BF16: return Double(Float(bitPattern: bits << 16))
    case .P2S_I8: return signed ? Double(Int8(truncatingIfNeeded: bits)) : Double(bits & 0xFF)
    }
  }

  /// Any elements at all: integers of all values; bfloat16 of -2...2, as sums stay finite.
  static func random(_ count: Int, _ number: p2s_number, _ numbers: inout Numbers) -> [UInt32] {
    (0..<count).map { _ in
      var word: UInt32 = 0
      for place in 0..<number.channels {
        let v = numbers.next()
        let element = number == .P2S_I8 ? UInt32((v + 1) * 127.99) : (v * 2).bitPattern >> 16
        word |= element << UInt32(place * number.bits)
      }
      return word
    }
  }
}

extension Exact {
  /// Adds the products of the channels in one word.
  mutating func add(word a: UInt32, _ w: UInt32, _ number: p2s_number) {
    for place in 0..<number.channels {
      let product =
        Words.value(a, place, number, signed: false) * Words.value(w, place, number, signed: true)
      value += product
      magnitude += abs(product)
      terms += 1
    }
  }

  /// Sums to the output: scale, bias, residual.
  mutating func finish(scale: Double, bias: Float, residual: Float? = nil) {
    value = value * scale + Double(bias) + Double(residual ?? 0)
    magnitude = magnitude * abs(scale) + abs(Double(bias)) + abs(Double(residual ?? 0))
    terms += 3
  }
}

@Suite struct ReducedTests {
  static let numbers: [p2s_number] = [.P2S_BF16, .P2S_I8]
  static let inputScale: Float = 0.37

  /// A reduced convolution with the geometry of a ``ConvolutionCase``, its pixels `words` apart.
  struct Problem {
    let geometry: ConvolutionTests.Problem
    let shape: ConvolutionCase
    let number: p2s_number
    let inPixel, inRow, inBlock: Int
    var input, weights: [UInt32]
    var scale: [Float]
    var inputScale = ReducedTests.inputScale

    init(_ shape: ConvolutionCase, width: Int, _ number: p2s_number) {
      geometry = ConvolutionTests.Problem(shape, width: width)
      self.shape = shape
      self.number = number
      inPixel = max(1, shape.inPixel / number.channels)
      inRow = width * inPixel + (shape.flat ? 0 : 16)
      inBlock = shape.rows * inRow + 16
      var random = Numbers(seed: UInt64(width) + 77)
      let groups = (shape.panels + shape.panelsPerGroup - 1) / shape.panelsPerGroup
      input = Words.random(inBlock * shape.segments.count * groups, number, &random)
      weights = Words.random(geometry.lanes * geometry.depth, number, &random)
      scale = random.floats(geometry.lanes)
    }

    func run(_ isa: p2s_isa, unitTiles: Int32 = 2, unitPanels: Int32 = 2) -> [Float] {
      let most = Int(p2s_reduced_tile_pixels(isa, number))
      let span = shape.flat ? geometry.width * shape.rows : geometry.width
      let list = shape.segments.enumerated().map {
        p2s_segment(offset: Int64($0 * inBlock), count: Int64($1))
      }
      var output = [Float](
        repeating: untouched, count: geometry.lanes / 16 * geometry.outBlock)
      unsafe list.withUnsafeBufferPointer { list in
        unsafe weights.withUnsafeBytes { weights in
          unsafe geometry.bias.withUnsafeBufferPointer { bias in
            unsafe scale.withUnsafeBufferPointer { scale in
              unsafe withUnsafePointer(to: inputScale) { inputScale in
                guard let segments = list.baseAddress, let bias = bias.baseAddress,
                  let weights = unsafe weights.bindMemory(to: Float.self).baseAddress,
                  let scale = scale.baseAddress
                else { return }
                let conv = unsafe p2s_conv(
                  segments: segments, weights: weights, bias: bias, segment_count: Int32(list.count),
                  depth: Int32(geometry.depth), panels: Int32(shape.panels),
                  panel_blocks: Int32(shape.panelBlocks), panels_per_group: Int32(shape.panelsPerGroup),
                  relu: shape.relu ? 1 : 0, rows: Int32(shape.rows), width: Int32(geometry.width),
                  out_halo: Int32(shape.halo), flat: shape.flat ? 1 : 0,
                  row_tiles: Int32((span + most - 1) / most), images: 1, unit_tiles: unitTiles,
                  unit_panels: unitPanels, panel_outer: shape.panelOuter ? 1 : 0, units_ahead: 2,
                  in_pixel: Int64(inPixel), in_row: Int64(inRow),
                  in_group: Int64(shape.segments.count * inBlock), out_row: Int64(geometry.outRow),
                  out_block: Int64(geometry.outBlock), in_image: 0, out_image: 0)
                var reduced = unsafe p2s_reduced_conv(
                  conv: conv, number: number, scale: scale, input_scale: inputScale)
                let count = unsafe p2s_conv_units(&reduced.conv)
                unsafe output.withUnsafeMutableBufferPointer { output in
                  unsafe geometry.residual.withUnsafeBufferPointer { residual in
                    guard let target = output.baseAddress, let sum = residual.baseAddress else { return }
                    let origin = geometry.origin
                    // Backwards: the order of units must not matter.
                    for unit in (0..<count).reversed() {
                      unsafe p2s_reduced_conv_unit(
                        isa, &reduced, input, shape.residual ? sum + origin : nil, target + origin, unit)
                    }
                  }
                }
              }
            }
          }
        }
      }
      return output
    }

    func exact(lane: Int, y: Int, x: Int) -> Exact {
      let panelLanes = shape.panelBlocks * 16
      let (panel, inPanel) = (lane / panelLanes, lane % panelLanes)
      let first = panel / shape.panelsPerGroup * shape.segments.count * inBlock + y * inRow + x * inPixel
      var sum = Exact(0)
      var step = 0
      for (segment, count) in shape.segments.enumerated() {
        for i in 0..<count {
          let weight = weights[(panel * geometry.depth + step) * panelLanes + inPanel]
          sum.add(word: input[first + segment * inBlock + i], weight, number)
          step += 1
        }
      }
      let residual = shape.residual ? geometry.residual[geometry.index(lane: lane, y: y, x: x)] : nil
      sum.finish(
        scale: Double(inputScale) * Double(scale[lane]), bias: geometry.bias[lane], residual: residual)
      return sum
    }
  }

  @Test(arguments: ConvolutionCase.all, numbers)
  func `every output is within the stated bound, every halo zero`(shape: ConvolutionCase, number: p2s_number)
  {
    for isa in p2s_isa.supported {
      for width in shape.widths {
        let problem = Problem(shape, width: width, number)
        let result = problem.run(isa)
        var wrong = 0
        for lane in 0..<problem.geometry.lanes {
          for y in -shape.halo..<shape.rows + shape.halo {
            for x in -shape.halo..<width + shape.halo {
              let value = result[problem.geometry.index(lane: lane, y: y, x: x)]
              let inside = (0..<shape.rows).contains(y) && (0..<width).contains(x)
              let fits =
                inside
                ? problem.exact(lane: lane, y: y, x: x).allows(value, relu: shape.relu) : value == 0
              wrong += fits ? 0 : 1
            }
          }
        }
        #expect(wrong == 0, "\(isa) width \(width)")
      }
    }
  }

  @Test(arguments: ConvolutionCase.all)
  func `integers agree bit for bit on every instruction set`(shape: ConvolutionCase) {
    for width in shape.widths {
      let problem = Problem(shape, width: width, .P2S_I8)
      #expect(Set(p2s_isa.supported.map { problem.run($0) }).count == 1, "width \(width)")
    }
  }

  @Test(arguments: ConvolutionCase.all, numbers)
  func `how work is cut never changes a bit`(shape: ConvolutionCase, number: p2s_number) {
    let problem = Problem(shape, width: 29, number)
    for isa in p2s_isa.supported {
      let whole = problem.run(isa, unitTiles: 1000, unitPanels: 1000)
      #expect(problem.run(isa, unitTiles: 1, unitPanels: 1) == whole)
      #expect(problem.run(isa, unitTiles: 3, unitPanels: 2) == whole)
    }
  }

  @Test(arguments: p2s_isa.supported)
  func `the deepest sum of the largest integers does not overflow`(isa: p2s_isa) {
    var shape = ConvolutionCase(testDescription: "deep", segments: [65_792 / 4], relu: false, residual: false)
    shape.widths = [1]
    var problem = Problem(shape, width: 1, .P2S_I8)
    problem.input = [UInt32](repeating: 0xFFFF_FFFF, count: 65_792 / 4)
    problem.weights = [UInt32](repeating: 0x8080_8080, count: problem.weights.count)
    problem.scale = [Float](repeating: 1, count: problem.scale.count)
    problem.inputScale = 1
    let result = problem.run(isa)
    #expect(result.allSatisfy { $0 == -65_792 * 255 * 128 })
  }

  @Test(arguments: p2s_isa.supported, numbers)
  func `NaN comes in by the words, the scale and the residual`(isa: p2s_isa, number: p2s_number) {
    var problem = Problem(ConvolutionCase.all[2], width: 20, number)
    let lane = problem.geometry.index(lane: 3, y: 1, x: 19)
    let geometry = problem.geometry
    if number == .P2S_BF16 {
      problem.input[3 * problem.inPixel + 5] = 0x7FC0_0000
      let result = problem.run(isa)
      for lane in 0..<geometry.lanes {
        for x in 0..<20 { #expect(result[geometry.index(lane: lane, y: 0, x: x)].isNaN == (x == 3)) }
      }
    }
    #expect(!problem.run(isa)[lane].isNaN)
    problem.inputScale = .nan
    let result = problem.run(isa)
    for lane in 0..<geometry.lanes { #expect(result[geometry.index(lane: lane, y: 1, x: 19)].isNaN) }
  }

  // MARK: Copies

  @Test(arguments: p2s_isa.supported, [0, 1, 15, 16, 17, 63, 64, 65, 1000])
  func `copies round to nearest, ties to even`(isa: p2s_isa, count: Int) {
    var random = Numbers(seed: 31)
    var x = random.floats(count).map { $0 * 100 }
    // Ties of both kinds, with even and odd neighbors.
    for (i, tie) in [Float(bitPattern: 0x3F80_8000), Float(bitPattern: 0x3F81_8000), 0.5, 1.5, 2.5]
      .enumerated()
    where i < count { x[i] = tie }
    var halves = [UInt16](repeating: 0xABCD, count: count + 1)
    unsafe p2s_to_bf16(isa, x, Int64(count), &halves)
    var bytes = [UInt8](repeating: 0xAB, count: count + 1)
    unsafe p2s_to_u8(isa, x, Int64(count), 1, &bytes)
    for i in 0..<count {
      // The two neighbors in bfloat16, and which is nearer.
      let low = Float(bitPattern: x[i].bitPattern & 0xFFFF_0000)
      let high = Float(bitPattern: (x[i].bitPattern & 0xFFFF_0000) + 0x10000)
      let (below, above) = (abs(Double(x[i]) - Double(low)), abs(Double(high) - Double(x[i])))
      let isEven = low.bitPattern >> 16 & 1 == 0
      let nearest = below < above || (below == above && isEven) ? low : high
      #expect(UInt32(halves[i]) << 16 == nearest.bitPattern)
      #expect(Float(bytes[i]) == max(0, x[i].rounded(.toNearestOrEven)))
    }
    #expect(halves[count] == 0xABCD && bytes[count] == 0xAB)
    let largest = unsafe p2s_largest(isa, x, Int64(count))
    #expect(Float(bitPattern: largest) == x.map(\.magnitude).max() ?? 0)
  }

  @Test(arguments: p2s_isa.supported, [Float.nan, -.nan, .infinity, -.infinity])
  func `what is not finite is the largest, and makes the scale NaN`(isa: p2s_isa, value: Float) {
    for place in [0, 63, 64, 69] {
      var x = [Float](repeating: 1, count: 70)
      x[place] = value
      let largest = unsafe p2s_largest(isa, x, 70)
      #expect(Float(bitPattern: largest).isNaN == value.isNaN && !Float(bitPattern: largest).isFinite)
      let scale = p2s_u8_scale(largest)
      #expect(scale.scale.isNaN && scale.inverse == 0)
      var bytes = [UInt8](repeating: 9, count: 70)
      unsafe p2s_to_u8(isa, x, 70, scale.inverse, &bytes)
      #expect(bytes.allSatisfy { $0 == 0 })
      var halves = [UInt16](repeating: 0, count: 70)
      unsafe p2s_to_bf16(isa, x, 70, &halves)
      let back = Float(bitPattern: UInt32(halves[place]) << 16)
      #expect(back.isNaN == value.isNaN && !back.isFinite)
    }
  }

  @Test func `scales of tensors of zeros and of almost zero`() {
    for value in [Float(0), .leastNonzeroMagnitude, 0x1p-101] {
      let scale = p2s_u8_scale(value.bitPattern)
      #expect(scale.scale == 0 && scale.inverse == 0)
    }
    for value in [0x1p-100, 0.1, 1, 3, 255, .greatestFiniteMagnitude] as [Float] {
      let scale = p2s_u8_scale(value.bitPattern)
      #expect(scale.scale == value / 255)
      var byte: UInt8 = 0
      unsafe p2s_to_u8(.P2S_ISA_PORTABLE, [value], 1, scale.inverse, &byte)
      #expect(byte == 255)
    }
  }

  // MARK: Weights

  @Test func `filters are quantized by their largest magnitude, ties to even`() {
    // 127 / 2 = 63.5, 127 / 8 = 15.875; -0.0117… is -1.49 steps.
    let filter: [Float] = [1, -0.5, 0.125, 0, 1.5 / 127, -1.49 / 127]
    var integers = [Int8](repeating: 1, count: 6)
    let scale = unsafe p2s_quantize_filter(filter, 6, &integers)
    #expect(scale == 1 / Float(127))
    #expect(integers[0] == 127 && integers[2] == 16 && integers[3] == 0 && integers[5] == -1)
    #expect([-64, -63].contains(integers[1]) && [1, 2].contains(integers[4]))
    #expect(unsafe p2s_quantize_filter([0, 0], 2, &integers) == 1)
    #expect(unsafe p2s_quantize_filter([1, .nan], 2, &integers).isNaN)
    #expect(unsafe p2s_quantize_filter([1, .infinity], 2, &integers).isNaN)
    #expect(unsafe p2s_quantize_filter([.leastNonzeroMagnitude], 1, &integers) > 0)
  }

  @Test(arguments: numbers)
  func `panels hold each filter in its lane, zeros where the order says so`(number: p2s_number) {
    let (filters, count) = (5, 6)
    var random = Numbers(seed: 3)
    let floats = random.floats(filters * count)
    let bytes = (0..<filters * count).map { Int8(truncatingIfNeeded: $0 * 37) }
    let words = (count + number.channels) / number.channels
    let order: [Int32] = (0..<words * number.channels).map { $0 < count ? Int32(count - 1 - $0) : -1 }
    var packed = [UInt32](repeating: 0x1234_5678, count: words * 16)
    if number == .P2S_I8 {
      unsafe p2s_pack_words(number, bytes, order, 5, Int32(count), Int32(words), 16, &packed)
    } else {
      unsafe p2s_pack_words(number, floats, order, 5, Int32(count), Int32(words), 16, &packed)
    }
    for k in 0..<words {
      for lane in 0..<16 {
        guard lane < filters else {
          #expect(packed[k * 16 + lane] == 0x1234_5678)
          continue
        }
        for place in 0..<number.channels {
          let index = order[k * number.channels + place]
          let actual = Words.value(packed[k * 16 + lane], place, number, signed: true)
          guard index >= 0 else {
            #expect(actual == 0)
            continue
          }
          let at = lane * count + Int(index)
          let expected = number == .P2S_I8 ? Double(bytes[at]) : Double(floats[at])
          #expect(abs(actual - expected) <= abs(expected) / 256)
          if number == .P2S_I8 { #expect(actual == expected) }
        }
      }
    }
  }
}
