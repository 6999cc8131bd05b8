import CKernels
import Testing

@Suite struct PoolingTests {
  private static func maxPool(
    _ isa: p2s_isa, _ input: [Float], blocks: Int, height: Int, width: Int, halo: Int
  ) -> [Float] {
    let (rows, columns) = ((height + 1) / 2, (width + 1) / 2)
    let outRow = (columns + 2 * halo) * 16
    let outBlock = (rows + 2 * halo) * outRow
    var output = [Float](repeating: untouched, count: blocks * outBlock)
    var pool = p2s_maxpool(
      blocks: Int32(blocks), in_rows: Int32(height), in_width: Int32(width), out_halo: Int32(halo),
      unit_rows: 2, in_block: Int64(height * width * 16), out_row: Int64(outRow),
      out_block: Int64(outBlock))
    unsafe output.withUnsafeMutableBufferPointer { output in
      guard let target = output.baseAddress else { return }
      for unit in 0..<(unsafe p2s_maxpool_units(&pool)) {
        unsafe p2s_maxpool_unit(isa, &pool, input, target + halo * (outRow + 16), unit)
      }
    }
    return output
  }

  @Test(arguments: p2s_isa.supported, [0, 1])
  func `max-pooling equals naive loops`(isa: p2s_isa, halo: Int) {
    for height in 1...6 {
      for width in 1...9 {
        var numbers = Numbers(seed: UInt64(width))
        var input = numbers.floats(2 * height * width * 16)
        input[width / 2 * 16 + 7] = .nan
        input[(height - 1) * width * 16 + 9] = -.infinity
        let result = Self.maxPool(isa, input, blocks: 2, height: height, width: width, halo: halo)
        let (rows, columns) = ((height + 1) / 2, (width + 1) / 2)
        let outRow = (columns + 2 * halo) * 16
        for lane in 0..<32 {
          for y in -halo..<rows + halo {
            for x in -halo..<columns + halo {
              let at =
                lane / 16 * (rows + 2 * halo) * outRow + (y + halo) * outRow + (x + halo) * 16 + lane % 16
              var window: [Float] = []
              for iy in max(0, 2 * y - 1)..<max(0, min(height, 2 * y + 2)) where y >= 0 && y < rows {
                for ix in max(0, 2 * x - 1)..<max(0, min(width, 2 * x + 2)) where x >= 0 && x < columns {
                  window.append(input[((lane / 16 * height + iy) * width + ix) * 16 + lane % 16])
                }
              }
              let expected = window.contains { $0.isNaN } ? .nan : window.max() ?? 0
              #expect(result[at] == expected || (result[at].isNaN && expected.isNaN))
            }
          }
        }
      }
    }
  }

  @Test(arguments: [(1, 1), (7, 7), (3, 10), (29, 31)])
  func `the mean is within its bound and the same everywhere`(rows: Int, width: Int) {
    var numbers = Numbers(seed: 3)
    let inRow = (width + 2) * 16
    let input = numbers.floats(rows * inRow)
    var results: [[Float]] = []
    for isa in p2s_isa.supported {
      var output = [Float](repeating: 0, count: 16)
      unsafe p2s_mean_block(isa, input, Int32(rows), Int32(width), Int64(inRow), &output)
      results.append(output)
    }
    #expect(Set(results).count == 1)
    for lane in 0..<16 {
      var sum = Exact(0)
      for y in 0..<rows {
        for x in 0..<width { sum.add(input[y * inRow + x * 16 + lane]) }
      }
      #expect(sum.allows(results[0][lane] * Float(rows * width), relu: false))
    }
  }

  @Test(arguments: [1, 2, 4, 5, 11], [1, 7, 8, 9, 15, 16, 17, 24, 31, 40, 100])
  func `dot products are within their bound`(rows: Int, columns: Int) {
    var numbers = Numbers(seed: 4)
    let weights = numbers.floats(rows * columns)
    let (x, bias) = (numbers.floats(columns), numbers.floats(rows))
    var results: [p2s_isa: [Float]] = [:]
    for isa in p2s_isa.supported {
      var y = [Float](repeating: untouched, count: rows)
      unsafe p2s_dense(isa, weights, bias, x, Int32(rows), Int32(columns), &y)
      results[isa] = y
      for row in 0..<rows {
        var sum = Exact(bias[row])
        for c in 0..<columns { sum.add(x[c], weights[row * columns + c]) }
        #expect(sum.allows(y[row], relu: false), "\(isa)")
      }
    }
    #expect(Set(p2s_isa.fused.compactMap { results[$0] }).count <= 1)
  }
}
