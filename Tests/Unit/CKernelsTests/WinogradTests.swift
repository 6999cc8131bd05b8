import CKernels
import Testing

/// Ordinary 3×3 convolutions in Winograd's form.
@Suite struct WinogradTests {
  struct Problem {
    let depth, panels, panelBlocks, rows, width, halo: Int
    let hasResidual, relu: Bool
    let inRow, inBlock, outRow, outBlock: Int
    var input, filters, bias, residual: [Float]

    init(
      depth: Int, panels: Int = 1, panelBlocks: Int = 2, rows: Int, width: Int, halo: Int = 0,
      residual hasResidual: Bool = false, relu: Bool = false
    ) {
      (self.depth, self.panels, self.panelBlocks) = (depth, panels, panelBlocks)
      (self.rows, self.width, self.halo) = (rows, width, halo)
      (self.hasResidual, self.relu) = (hasResidual, relu)
      inRow = (width + 2) * 16
      inBlock = (rows + 2) * inRow
      outRow = (width + 2 * halo) * 16
      outBlock = (rows + 2 * halo) * outRow
      var numbers = Numbers(seed: UInt64(rows * 100 + width))
      input = numbers.floats((depth + 15) / 16 * inBlock)
      // Lanes past the last channel must not count.
      for at in input.indices where at / inBlock * 16 + at % 16 >= depth { input[at] = .nan }
      for block in 0..<(depth + 15) / 16 {
        for y in 0..<rows + 2 {
          for x in 0..<width + 2 where y == 0 || x == 0 || y > rows || x > width {
            for lane in 0..<16 { input[block * inBlock + y * inRow + x * 16 + lane] = 0 }
          }
        }
      }
      let lanes = panels * panelBlocks * 16
      filters = numbers.floats(lanes * depth * 9)
      bias = numbers.floats(lanes)
      residual = numbers.floats(lanes / 16 * outBlock)
    }

    var lanes: Int { panels * panelBlocks * 16 }
    var origin: Int { halo * (outRow + 16) }

    func packed(_ isa: p2s_isa, scale: [Double]? = nil) -> [Float] {
      let panel = 36 * depth * panelBlocks * 16
      var packed = [Float](repeating: untouched, count: panels * panel)
      unsafe filters.withUnsafeBufferPointer { filters in
        unsafe packed.withUnsafeMutableBufferPointer { packed in
          guard let filters = filters.baseAddress, let packed = packed.baseAddress else { return }
          for index in 0..<panels {
            let first = index * panelBlocks * 16
            let factors = scale.map { Array($0[first..<first + panelBlocks * 16]) }
            let count = Int32(panelBlocks * 16)
            let source = unsafe filters + first * depth * 9
            if let factors {
              unsafe p2s_pack_winograd(
                isa, source, factors, count, Int32(depth), count, packed + index * panel)
            } else {
              unsafe p2s_pack_winograd(isa, source, nil, count, Int32(depth), count, packed + index * panel)
            }
          }
        }
      }
      return packed
    }

    func run(_ isa: p2s_isa, strip: Int = 14) -> [Float] {
      let weights = packed(isa)
      let segments = (0..<(depth + 15) / 16).map {
        p2s_segment(offset: Int64($0 * strip * 16), count: Int64(min(16, depth - 16 * $0)))
      }
      let floats = p2s_winograd_floats(
        Int32((depth + 15) / 16), Int32(rows), Int32(width), Int32(strip))
      var transformed = [Float](repeating: .nan, count: Int(floats))
      var output = [Float](repeating: untouched, count: lanes / 16 * outBlock)
      unsafe segments.withUnsafeBufferPointer { segments in
        unsafe weights.withUnsafeBufferPointer { weights in
          unsafe bias.withUnsafeBufferPointer { bias in
            guard let list = segments.baseAddress, let weights = weights.baseAddress,
              let bias = bias.baseAddress
            else { return }
            var conv = unsafe p2s_winograd(
              segments: list, weights: weights, bias: bias, segment_count: Int32(segments.count),
              depth: Int32(depth), in_blocks: Int32(segments.count), panels: Int32(panels),
              panels_per_group: Int32(panels), panel_blocks: Int32(panelBlocks),
              relu: relu ? 1 : 0, rows: Int32(rows), width: Int32(width), out_halo: Int32(halo),
              strip_tiles: Int32(strip), images: 1, in_row: Int64(inRow), in_block: Int64(inBlock),
              out_row: Int64(outRow), out_block: Int64(outBlock), transformed_image: 0, out_image: 0)
            unsafe output.withUnsafeMutableBufferPointer { output in
              unsafe residual.withUnsafeBufferPointer { residual in
                guard let target = output.baseAddress, let sum = residual.baseAddress else { return }
                // Backwards: the order of units must not matter.
                for unit in (0..<(unsafe p2s_winograd_input_units(&conv))).reversed() {
                  unsafe p2s_winograd_input_unit(isa, &conv, input, &transformed, unit)
                }
                for unit in (0..<(unsafe p2s_winograd_units(&conv))).reversed() {
                  unsafe p2s_winograd_unit(
                    isa, &conv, transformed, hasResidual ? sum + origin : nil, target + origin, unit)
                }
              }
            }
          }
        }
      }
      return output
    }

    func index(lane: Int, y: Int, x: Int) -> Int {
      lane / 16 * outBlock + origin + y * outRow + x * 16 + lane % 16
    }

    func pixel(channel: Int, y: Int, x: Int) -> Double {
      guard (0..<rows + 2).contains(y), (0..<width + 2).contains(x) else { return 0 }
      return Double(input[channel / 16 * inBlock + y * inRow + x * 16 + channel % 16])
    }

    /// The plain convolution in double precision.
    func exact(lane: Int, y: Int, x: Int) -> Double {
      var sum = Double(bias[lane])
      for c in 0..<depth {
        for ky in 0..<3 {
          for kx in 0..<3 {
            sum +=
              pixel(channel: c, y: y + ky, x: x + kx)
              * Double(filters[((lane * depth + c) * 3 + ky) * 3 + kx])
          }
        }
      }
      if hasResidual { sum += Double(residual[index(lane: lane, y: y, x: x)]) }
      return relu ? max(0, sum) : sum
    }
  }

  /// The matrices of F(4×4, 3×3) by Toom and Cook's construction, which knows nothing of the kernels:
  /// row i of B' is the product of (x − pⱼ) over the other points, A' holds powers, G powers over distances.
  struct Construction {
    static let points = [0, 2.0 / 3, -2.0 / 3, 1.5, -1.5]
    let a: [[Double]]  // 4 by 6
    let b: [[Double]]  // 6 by 6
    let g: [[Double]]  // 6 by 3

    init() {
      func product(_ roots: [Double]) -> [Double] {
        roots.reduce([1]) { c, root in
          (0...c.count).map { ($0 > 0 ? c[$0 - 1] : 0) - root * ($0 < c.count ? c[$0] : 0) }
        }
      }
      func power(_ p: Double, _ n: Int) -> Double { (0..<n).reduce(1) { x, _ in x * p } }
      let points = Self.points
      a = (0..<4).map { n in points.map { power($0, n) } + [n == 3 ? 1 : 0] }
      b =
        points.map { p in product(points.filter { $0 != p }) + [0] }
        + [product(points)]
      g =
        points.map { p in
          let distance = points.filter { $0 != p }.reduce(1) { $0 * (p - $1) }
          return (0..<3).map { power(p, $0) / distance }
        } + [[0, 0, 1]]
    }

    /// `left · m · leftᵀ` of a square `m`, of absolute values when asked.
    static func sandwich(_ left: [[Double]], _ m: [[Double]], absolute: Bool) -> [[Double]] {
      let f = { (x: Double) in absolute ? abs(x) : x }
      func times(_ x: [[Double]], _ y: [[Double]]) -> [[Double]] {
        x.map { row in y[0].indices.map { j in row.indices.reduce(0) { $0 + f(row[$1]) * f(y[$1][j]) } } }
      }
      let transposed = left[0].indices.map { j in left.map { $0[j] } }
      return times(times(left, m), transposed)
    }
  }

  static let sizes: [(rows: Int, width: Int)] =
    (1...9).map { ($0, 5) } + (1...18).map { (3, $0) } + [(14, 14), (28, 28), (7, 57)]

  @Test(arguments: sizes, p2s_isa.supported)
  func `every output is within the stated bound, every halo zero`(
    size: (rows: Int, width: Int), isa: p2s_isa
  ) {
    let construction = Construction()
    let large = size.rows * size.width > 200
    let problem = Problem(
      depth: large ? 5 : 19, panelBlocks: size.width % 2 + 1, rows: size.rows, width: size.width,
      halo: size.rows % 2, residual: size.width % 3 == 0, relu: size.width % 4 == 1)
    let result = problem.run(isa)
    // |G| |g| |G'| for each lane and channel.
    let filters = (0..<problem.lanes * problem.depth).map { f in
      Construction.sandwich(
        construction.g, (0..<3).map { y in (0..<3).map { Double(problem.filters[f * 9 + 3 * y + $0]) } },
        absolute: true)
    }
    var wrong = 0
    for ty in 0..<(size.rows + 3) / 4 {
      for tx in 0..<(size.width + 3) / 4 {
        let inputs = (0..<problem.depth).map { c in
          Construction.sandwich(
            construction.b,
            (0..<6).map { y in (0..<6).map { problem.pixel(channel: c, y: 4 * ty + y, x: 4 * tx + $0) } },
            absolute: true)
        }
        for lane in 0..<problem.lanes {
          var sums = [[Double]](repeating: [Double](repeating: 0, count: 6), count: 6)
          for c in 0..<problem.depth {
            for i in 0..<6 {
              for j in 0..<6 { sums[i][j] += filters[lane * problem.depth + c][i][j] * inputs[c][i][j] }
            }
          }
          let growth = Construction.sandwich(construction.a, sums, absolute: true)
          for y in 4 * ty..<min(size.rows, 4 * ty + 4) {
            for x in 4 * tx..<min(size.width, 4 * tx + 4) {
              let at = problem.index(lane: lane, y: y, x: x)
              let magnitude =
                growth[y % 4][x % 4] + Double(abs(problem.bias[lane]))
                + (problem.hasResidual ? Double(abs(problem.residual[at])) : 0)
              let error = abs(Double(result[at]) - problem.exact(lane: lane, y: y, x: x))
              wrong += error <= Double(problem.depth + 32) * 0x1p-23 * magnitude ? 0 : 1
            }
          }
        }
      }
    }
    #expect(wrong == 0)
    for block in 0..<problem.lanes / 16 where problem.halo == 1 {
      for y in -1...size.rows {
        for x in -1...size.width where y < 0 || x < 0 || y == size.rows || x == size.width {
          for lane in 0..<16 { #expect(result[problem.index(lane: block * 16 + lane, y: y, x: x)] == 0) }
        }
      }
    }
    #expect(!result.contains(untouched))
  }

  @Test(arguments: sizes)
  func `instruction sets agree, and strips never change a bit`(size: (rows: Int, width: Int)) {
    let problem = Problem(depth: 33, panels: 2, rows: size.rows, width: size.width, residual: true)
    let results = p2s_isa.fused.map { problem.run($0) }
    #expect(Set(results).count <= 1)
    for isa in p2s_isa.supported {
      let whole = problem.run(isa, strip: 16)
      for strip in [1, 3, 14] { #expect(problem.run(isa, strip: strip) == whole) }
    }
  }

  @Test func `packing is G g G', scaled in double and rounded once, bit for bit the same everywhere`() {
    let construction = Construction()
    let problem = Problem(depth: 3, panels: 2, rows: 1, width: 1)
    var numbers = Numbers(seed: 8)
    let scale = numbers.floats(problem.lanes).map { Double($0) + 1.5 }
    let forms = p2s_isa.supported.map { problem.packed($0, scale: scale) }
    #expect(Set(forms).count == 1)
    var worst = 0.0
    for lane in 0..<problem.lanes {
      for c in 0..<3 {
        let filter = (0..<3).map { y in
          (0..<3).map { Double(problem.filters[(lane * 3 + c) * 9 + 3 * y + $0]) * scale[lane] }
        }
        let exact = Construction.sandwich(construction.g, filter, absolute: false)
        let size = Construction.sandwich(construction.g, filter, absolute: true)
        for i in 0..<36 {
          let at = ((lane / 32 * 36 + i) * 3 + c) * 32 + lane % 32
          worst = max(worst, abs(Double(forms[0][at]) - exact[i / 6][i % 6]) / size[i / 6][i % 6])
        }
      }
    }
    #expect(worst <= 0x1.01p-24)
  }

  @Test(arguments: p2s_isa.supported)
  func `a NaN makes its tiles NaN and no others`(isa: p2s_isa) {
    var problem = Problem(depth: 16, rows: 12, width: 12, relu: true)
    // Row 6, column 9 of the image lies in the 6×6 inputs of tiles (1, 2) and, by its border, no other.
    problem.input[7 * problem.inRow + 10 * 16 + 3] = .nan
    let result = problem.run(isa)
    for y in 0..<12 {
      for x in 0..<12 {
        #expect(result[problem.index(lane: 5, y: y, x: x)].isNaN == (y / 4 == 1 && x / 4 == 2))
      }
    }
  }
}
