import CKernels
import Testing

@Suite struct ReducedGroupedTests {
  struct Problem {
    let number: p2s_number
    let group, depth, stride, width, halo: Int
    let rows = 3, blocks = 2
    /// In words.
    let pixel, inRow, inBlock: Int
    let outRow, outBlock: Int
    var input: [UInt32]
    var bias, scale: [Float]
    /// Filters `[lane][depth][3][3]`, as numbers that both forms hold exactly.
    var filters: [Int8]

    init(_ number: p2s_number, group: Int, depth: Int, stride: Int, width: Int, halo: Int) {
      self.number = number
      self.group = group
      self.depth = depth
      self.stride = stride
      self.width = width
      self.halo = halo
      pixel = 16 / number.channels
      inRow = ((width - 1) * stride + 3) * pixel
      inBlock = ((rows - 1) * stride + 3) * inRow
      outRow = (width + 2 * halo) * 16
      outBlock = (rows + 2 * halo) * outRow
      var random = Numbers(seed: UInt64(group * 1000 + width))
      input = Words.random(blocks * inBlock, number, &random)
      bias = random.floats(blocks * 16)
      scale = random.floats(blocks * 16)
      filters = random.floats(blocks * 16 * depth * 9).map { Int8($0 * 127) }
    }

    func run(_ isa: p2s_isa) -> [Float] {
      let words = (group + number.channels - 1) / number.channels
      var packed = [UInt32](repeating: 0x5555_5555, count: blocks * 9 * words * 16)
      for block in 0..<blocks {
        let lanes = (0..<16).map { Int32(block * 16 + $0) }
        unsafe packed.withUnsafeMutableBufferPointer { packed in
          guard let start = packed.baseAddress else { return }
          let panel = unsafe start + block * 9 * words * 16
          if number == .P2S_I8 {
            unsafe p2s_pack_grouped_words(number, filters, lanes, Int32(group), Int32(depth), panel)
          } else {
            let floats = filters.map { Float($0) }
            unsafe p2s_pack_grouped_words(number, floats, lanes, Int32(group), Int32(depth), panel)
          }
        }
      }
      var output = [Float](repeating: untouched, count: blocks * outBlock)
      unsafe packed.withUnsafeBytes { weights in
        unsafe bias.withUnsafeBufferPointer { bias in
          unsafe scale.withUnsafeBufferPointer { scale in
            unsafe withUnsafePointer(to: ReducedTests.inputScale) { inputScale in
              guard let weights = unsafe weights.bindMemory(to: Float.self).baseAddress,
                let bias = bias.baseAddress, let scale = scale.baseAddress
              else { return }
              let conv = unsafe p2s_grouped(
                weights: weights, bias: bias, blocks: Int32(blocks), group: Int32(group),
                depth: Int32(words), stride: Int32(stride), relu: 1, rows: Int32(rows), width: Int32(width),
                out_halo: Int32(halo), unit_rows: 2, in_row: Int64(inRow), in_block: Int64(inBlock),
                out_row: Int64(outRow), out_block: Int64(outBlock))
              var reduced = unsafe p2s_reduced_grouped(
                conv: conv, number: number, scale: scale, input_scale: inputScale)
              unsafe output.withUnsafeMutableBufferPointer { output in
                guard let target = output.baseAddress else { return }
                for unit in 0..<(unsafe p2s_grouped_units(&reduced.conv)) {
                  unsafe p2s_reduced_grouped_unit(
                    isa, &reduced, input, target + halo * (outRow + 16), unit)
                }
              }
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
      var sum = Exact(0)
      let first = lane % 16 / group * group
      for c in 0..<depth {
        for ky in 0..<3 {
          for kx in 0..<3 {
            let channel = first + c
            let at =
              lane / 16 * inBlock + (y * stride + ky) * inRow + (x * stride + kx) * pixel
              + channel / number.channels
            let a = Words.value(input[at], channel % number.channels, number, signed: false)
            let product = a * Double(filters[((lane * depth + c) * 3 + ky) * 3 + kx])
            sum.value += product
            sum.magnitude += abs(product)
            sum.terms += 1
          }
        }
      }
      sum.finish(scale: Double(ReducedTests.inputScale) * Double(scale[lane]), bias: bias[lane])
      return sum
    }
  }

  @Test(arguments: GroupedTests.shapes, ReducedTests.numbers)
  func `every output is within the stated bound, every halo zero`(
    shape: (group: Int, depth: Int), number: p2s_number
  ) {
    for (stride, isa) in [1, 2].flatMap({ stride in p2s_isa.supported.map { (stride, $0) } }) {
      for width in GroupedTests.widths {
        let halo = width % 2
        let problem = Problem(
          number, group: shape.group, depth: shape.depth, stride: stride, width: width, halo: halo)
        let result = problem.run(isa)
        var wrong = 0
        for lane in 0..<problem.blocks * 16 {
          for y in -halo..<problem.rows + halo {
            for x in -halo..<width + halo {
              let value = result[problem.index(lane: lane, y: y, x: x)]
              let inside = (0..<problem.rows).contains(y) && (0..<width).contains(x)
              let fits =
                inside ? problem.exact(lane: lane, y: y, x: x).allows(value, relu: true) : value == 0
              wrong += fits ? 0 : 1
            }
          }
        }
        #expect(wrong == 0, "\(isa) stride \(stride) width \(width)")
      }
    }
  }

  @Test(arguments: GroupedTests.shapes)
  func `integers agree bit for bit on every instruction set`(shape: (group: Int, depth: Int)) {
    for stride in [1, 2] {
      for width in GroupedTests.widths {
        let problem = Problem(
          .P2S_I8, group: shape.group, depth: shape.depth, stride: stride, width: width, halo: 1)
        #expect(Set(p2s_isa.supported.map { problem.run($0) }).count == 1, "\(stride) \(width)")
      }
    }
  }
}
