import CKernels
import Testing

@Suite struct GroupedTests {
  struct Problem {
    let group, depth, stride, width, halo: Int
    let rows = 3, blocks = 2
    let inRow, inBlock, outRow, outBlock: Int
    var input, bias, filters: [Float]

    init(group: Int, depth: Int, stride: Int, width: Int, halo: Int) {
      self.group = group
      self.depth = depth
      self.stride = stride
      self.width = width
      self.halo = halo
      inRow = ((width - 1) * stride + 3) * 16
      inBlock = ((rows - 1) * stride + 3) * inRow
      outRow = (width + 2 * halo) * 16
      outBlock = (rows + 2 * halo) * outRow
      var numbers = Numbers(seed: UInt64(group * 1000 + width))
      input = numbers.floats(blocks * inBlock)
      bias = numbers.floats(blocks * 16)
      // [lane][depth][3][3]
      filters = numbers.floats(blocks * 16 * depth * 9)
    }

    func run(_ isa: p2s_isa) -> [Float] {
      var packed = [Float](repeating: untouched, count: blocks * 9 * depth * 16)
      for block in 0..<blocks {
        let lanes = (0..<16).map { Int32(block * 16 + $0) }
        unsafe packed.withUnsafeMutableBufferPointer { packed in
          guard let start = packed.baseAddress else { return }
          unsafe p2s_pack_grouped(filters, nil, lanes, Int32(depth), start + block * 9 * depth * 16)
        }
      }
      var output = [Float](repeating: untouched, count: blocks * outBlock)
      unsafe packed.withUnsafeBufferPointer { weights in
        unsafe bias.withUnsafeBufferPointer { bias in
          guard let weights = weights.baseAddress, let bias = bias.baseAddress else { return }
          var conv = unsafe p2s_grouped(
            weights: weights, bias: bias, blocks: Int32(blocks), group: Int32(group), depth: Int32(depth),
            stride: Int32(stride), relu: 1, rows: Int32(rows), width: Int32(width), out_halo: Int32(halo),
            unit_rows: 2, in_row: Int64(inRow), in_block: Int64(inBlock), out_row: Int64(outRow),
            out_block: Int64(outBlock))
          unsafe output.withUnsafeMutableBufferPointer { output in
            guard let target = output.baseAddress else { return }
            for unit in 0..<(unsafe p2s_grouped_units(&conv)) {
              unsafe p2s_grouped_unit(isa, &conv, input, target + halo * (outRow + 16), unit)
            }
          }
        }
      }
      return output
    }

    func index(lane: Int, y: Int, x: Int) -> Int {
      lane / 16 * outBlock + (y + halo) * outRow + (x + halo) * 16 + lane % 16
    }

    func exact(lane: Int, y: Int, x: Int) -> Exact {
      var sum = Exact(bias[lane])
      let first = lane % 16 / group * group
      for c in 0..<depth {
        for ky in 0..<3 {
          for kx in 0..<3 {
            let at = lane / 16 * inBlock + (y * stride + ky) * inRow + (x * stride + kx) * 16 + first + c
            sum.add(input[at], filters[((lane * depth + c) * 3 + ky) * 3 + kx])
          }
        }
      }
      return sum
    }
  }

  static let shapes: [(group: Int, depth: Int)] = [(1, 1), (2, 2), (4, 4), (4, 3), (8, 8), (8, 5)]
  static let widths = Array(1...30) + [56]

  @Test(arguments: shapes, [1, 2])
  func `every output is within the stated bound`(shape: (group: Int, depth: Int), stride: Int) {
    for isa in p2s_isa.supported {
      for width in Self.widths {
        let problem = Problem(
          group: shape.group, depth: shape.depth, stride: stride, width: width, halo: width % 2)
        let result = problem.run(isa)
        var wrong = 0
        for lane in 0..<problem.blocks * 16 {
          for y in 0..<problem.rows {
            for x in 0..<width {
              let value = result[problem.index(lane: lane, y: y, x: x)]
              wrong += problem.exact(lane: lane, y: y, x: x).allows(value, relu: true) ? 0 : 1
            }
          }
        }
        let halo = result.filter { $0 == 0 }.count
        #expect(wrong == 0, "\(isa) width \(width)")
        #expect(!result.contains(untouched) && halo >= result.count - problem.blocks * 16 * 3 * width)
      }
    }
  }

  @Test(arguments: shapes, [1, 2])
  func `instruction sets with fused multiply-add agree`(shape: (group: Int, depth: Int), stride: Int) {
    for width in Self.widths {
      let problem = Problem(group: shape.group, depth: shape.depth, stride: stride, width: width, halo: 0)
      #expect(Set(p2s_isa.fused.map { problem.run($0) }).count <= 1, "width \(width)")
    }
  }

  /// Aggregated transformations (Xie et al. 2016, figure 3): a grouped convolution is its groups' own
  /// convolutions side by side, so a change in one group's input or filters leaves the others alone.
  @Test(arguments: shapes, p2s_isa.supported)
  func `a NaN stays in its group`(shape: (group: Int, depth: Int), isa: p2s_isa) {
    var problem = Problem(group: shape.group, depth: shape.depth, stride: 1, width: 17, halo: 0)
    problem.input[problem.inRow + 3 * 16] = .nan  // row 1, column 3, lane 0
    let result = problem.run(isa)
    for lane in 0..<16 {
      #expect(result[problem.index(lane: lane, y: 0, x: 2)].isNaN == (lane < shape.group))
      #expect(!result[problem.index(lane: lane, y: 0, x: 4)].isNaN)
    }
  }
}
