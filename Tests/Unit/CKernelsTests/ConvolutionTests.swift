import CKernels
import Testing

/// A convolution as the header describes it, small enough to check by naive loops.
struct ConvolutionCase: CustomTestStringConvertible, Sendable {
  var testDescription: String
  /// Counts of the segments; consecutive segments lie in consecutive input blocks.
  var segments: [Int]
  var panels = 1
  var panelBlocks = 2
  var panelsPerGroup = 2
  var rows = 1
  var halo = 0
  var flat = false
  var inPixel = 16
  var relu = true
  var residual = true
  var panelOuter = false
  var widths = Array(1...31) + [56, 57]

  static let all = [
    ConvolutionCase(testDescription: "one channel", segments: [1], panelBlocks: 1, relu: false),
    ConvolutionCase(testDescription: "17 channels", segments: [16, 1], panels: 2, residual: false),
    ConvolutionCase(testDescription: "stride 2", segments: [16, 16], rows: 2, inPixel: 32),
    ConvolutionCase(testDescription: "stride 3", segments: [5], rows: 2, inPixel: 48),
    ConvolutionCase(testDescription: "stride 3, one block", segments: [5], panelBlocks: 1, inPixel: 48),
    ConvolutionCase(testDescription: "planar", segments: [7, 7, 7], rows: 3, inPixel: 2),
    ConvolutionCase(testDescription: "planar, one block", segments: [7, 7], panelBlocks: 1, inPixel: 2),
    ConvolutionCase(testDescription: "groups", segments: [16, 4], panels: 4, panelsPerGroup: 1),
    ConvolutionCase(
      testDescription: "odd panels", segments: [9, 9], panels: 3, panelBlocks: 1, rows: 2, halo: 1),
    ConvolutionCase(testDescription: "flat with halo", segments: [16], rows: 5, halo: 1, flat: true),
    ConvolutionCase(
      testDescription: "panel outer", segments: [16, 16, 3], panels: 5, rows: 3, halo: 1, panelOuter: true),
  ]
}

@Suite struct ConvolutionTests {
  /// All that one call needs, and the naive result.
  struct Problem {
    let shape: ConvolutionCase
    let width: Int
    let depth, lanes, inRow, inBlock, outRow, outBlock: Int
    var input, weights, bias, residual: [Float]
    let segments: [p2s_segment]

    init(_ shape: ConvolutionCase, width: Int) {
      self.shape = shape
      self.width = width
      depth = shape.segments.reduce(0, +)
      lanes = shape.panels * shape.panelBlocks * 16
      // A flat plane's rows follow each other without a gap.
      inRow = width * shape.inPixel + (shape.flat ? 0 : 16)
      inBlock = shape.rows * inRow + 16
      outRow = (width + 2 * shape.halo) * 16
      outBlock = (shape.rows + 2 * shape.halo) * outRow
      let groups = (shape.panels + shape.panelsPerGroup - 1) / shape.panelsPerGroup
      var numbers = Numbers(seed: UInt64(width))
      input = numbers.floats(inBlock * shape.segments.count * groups)
      weights = numbers.floats(lanes * depth)
      bias = numbers.floats(lanes)
      residual = numbers.floats(lanes / 16 * outBlock)
      var list: [p2s_segment] = []
      for (index, count) in shape.segments.enumerated() {
        list.append(p2s_segment(offset: Int64(index * inBlock), count: Int64(count)))
      }
      segments = list
    }

    var origin: Int { shape.halo * (outRow + 16) }

    func run(_ isa: p2s_isa, unitTiles: Int32 = 2, unitPanels: Int32 = 2) -> [Float] {
      let most = Int(p2s_conv_tile_pixels(isa))
      let span = shape.flat ? width * shape.rows : width
      var output = [Float](repeating: untouched, count: lanes / 16 * outBlock)
      unsafe segments.withUnsafeBufferPointer { segments in
        unsafe weights.withUnsafeBufferPointer { weights in
          unsafe bias.withUnsafeBufferPointer { bias in
            guard let list = segments.baseAddress, let weights = weights.baseAddress,
              let bias = bias.baseAddress
            else { return }
            var conv = unsafe p2s_conv(
              segments: list, weights: weights, bias: bias, segment_count: Int32(segments.count),
              depth: Int32(depth), panels: Int32(shape.panels), panel_blocks: Int32(shape.panelBlocks),
              panels_per_group: Int32(shape.panelsPerGroup), relu: shape.relu ? 1 : 0,
              rows: Int32(shape.rows), width: Int32(width), out_halo: Int32(shape.halo),
              flat: shape.flat ? 1 : 0, row_tiles: Int32((span + most - 1) / most),
              images: 1, unit_tiles: unitTiles,
              unit_panels: unitPanels, panel_outer: shape.panelOuter ? 1 : 0, units_ahead: 2,
              in_pixel: Int64(shape.inPixel), in_row: Int64(inRow),
              in_group: Int64(shape.segments.count * inBlock), out_row: Int64(outRow),
              out_block: Int64(outBlock), in_image: 0, out_image: 0)
            let count = unsafe p2s_conv_units(&conv)
            unsafe output.withUnsafeMutableBufferPointer { output in
              unsafe residual.withUnsafeBufferPointer { residual in
                guard let target = output.baseAddress, let sum = residual.baseAddress else { return }
                // Backwards: the order of units must not matter.
                for unit in (0..<count).reversed() {
                  unsafe p2s_conv_unit(
                    isa, &conv, input, shape.residual ? sum + origin : nil, target + origin, unit)
                }
              }
            }
          }
        }
      }
      return output
    }

    /// The exact value of every output float; 0 for the halo.
    func exact(lane: Int, y: Int, x: Int) -> Exact {
      let panel = lane / (shape.panelBlocks * 16)
      let inPanel = lane % (shape.panelBlocks * 16)
      let first =
        panel / shape.panelsPerGroup * shape.segments.count * inBlock + y * inRow + x * shape.inPixel
      var sum = Exact(bias[lane])
      var step = 0
      for (segment, count) in shape.segments.enumerated() {
        for i in 0..<count {
          sum.add(
            input[first + segment * inBlock + i],
            weights[(panel * depth + step) * shape.panelBlocks * 16 + inPanel])
          step += 1
        }
      }
      if shape.residual { sum.add(residual[index(lane: lane, y: y, x: x)]) }
      return sum
    }

    func index(lane: Int, y: Int, x: Int) -> Int {
      lane / 16 * outBlock + origin + y * outRow + x * 16 + lane % 16
    }
  }

  @Test(arguments: ConvolutionCase.all, p2s_isa.supported)
  func `every output is within the stated bound, every halo zero`(shape: ConvolutionCase, isa: p2s_isa) {
    for width in shape.widths {
      let problem = Problem(shape, width: width)
      let result = problem.run(isa)
      var wrong = 0
      for lane in 0..<problem.lanes {
        for y in -shape.halo..<shape.rows + shape.halo {
          for x in -shape.halo..<width + shape.halo {
            let value = result[problem.index(lane: lane, y: y, x: x)]
            let inside = (0..<shape.rows).contains(y) && (0..<width).contains(x)
            let fits =
              inside
              ? problem.exact(lane: lane, y: y, x: x).allows(value, relu: shape.relu) : value == 0
            wrong += fits ? 0 : 1
          }
        }
      }
      #expect(wrong == 0, "width \(width)")
    }
  }

  @Test(arguments: ConvolutionCase.all)
  func `instruction sets with fused multiply-add agree bit for bit`(shape: ConvolutionCase) {
    for width in shape.widths {
      let problem = Problem(shape, width: width)
      #expect(Set(p2s_isa.fused.map { problem.run($0) }).count <= 1, "width \(width)")
    }
  }

  @Test(arguments: ConvolutionCase.all, p2s_isa.supported)
  func `how work is cut never changes a bit`(shape: ConvolutionCase, isa: p2s_isa) {
    let problem = Problem(shape, width: 29)
    let whole = problem.run(isa, unitTiles: 1000, unitPanels: 1000)
    #expect(problem.run(isa, unitTiles: 1, unitPanels: 1) == whole)
    #expect(problem.run(isa, unitTiles: 3, unitPanels: 2) == whole)
  }

  @Test(arguments: p2s_isa.supported)
  func `NaN passes through sum, residual and ReLU`(isa: p2s_isa) {
    var problem = Problem(ConvolutionCase.all[2], width: 20)
    problem.input[3 * 32 + 5] = .nan
    problem.residual[problem.index(lane: 3, y: 1, x: 19)] = .nan
    let result = problem.run(isa)
    for lane in 0..<problem.lanes {
      for (y, x) in [(0, 2), (0, 3), (0, 4), (1, 19)] {
        let expected = (y, x) == (0, 3) || (lane, y, x) == (3, 1, 19)
        #expect(result[problem.index(lane: lane, y: y, x: x)].isNaN == expected)
      }
    }
  }

  @Test(arguments: [1, 15, 16, 17, 32], [1, 15, 16, 17, 40, 64])
  func `packing transposes, scales in double and agrees bit for bit`(filters: Int, depth: Int) {
    var numbers = Numbers(seed: 5)
    let weights = numbers.floats(filters * depth)
    let scale = numbers.floats(filters).map { Double($0) * 1.1 + 2 }
    let order = (0..<depth).map { Int32(depth - 1 - $0) }
    for isa in p2s_isa.supported {
      for reversed in [false, true] {
        var packed = [Float](repeating: untouched, count: depth * 32)
        if reversed {
          unsafe p2s_pack_panel(isa, weights, scale, order, Int32(filters), Int32(depth), 32, &packed)
        } else {
          unsafe p2s_pack_panel(isa, weights, scale, nil, Int32(filters), Int32(depth), 32, &packed)
        }
        let expected: [Float] = (0..<depth * 32).map { at in
          let (k, r) = (at / 32, at % 32)
          if r >= filters { return untouched }
          return Float(Double(weights[r * depth + (reversed ? depth - 1 - k : k)]) * scale[r])
        }
        #expect(packed == expected, "\(isa)")
      }
    }
  }
}
