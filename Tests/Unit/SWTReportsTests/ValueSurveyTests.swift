import SWT
import SWTDigests
import SWTReports
import TestSupport
import Testing

/// Statistics of values, beside plain loops over the same values.
@Suite struct ValueSurveyTests {
  /// What the survey says of float32 tensors in a weight file.
  private static func survey(
    _ tensors: [(shape: [Int], values: [Float])], _ rule: ChannelFindings.Rule? = nil, threads: Int = 2
  ) throws -> [TensorStatistics] {
    var contents = SWTContents()
    for (index, tensor) in tensors.enumerated() {
      contents.tensors.append(SWTTensorSpec(name: "t\(index)", dtype: .f32, shape: tensor.shape))
    }
    let folder = try TemporaryFolder()
    _ = try SWTWriter.write(contents, to: folder.file("a.swt"), digests: SystemDigests()) { index, sink in
      let bytes = ContiguousArray(
        tensors[index].values.flatMap { value in
          (0..<4).map { UInt8(truncatingIfNeeded: value.bitPattern >> UInt32(8 * $0)) }
        })
      try unsafe sink(bytes.span.bytes)
    }
    let file = try SWTFile(path: folder.file("a.swt"))
    let items = try tensors.indices.map { index in
      let info = try #require(file.tensors.first { $0.name == "t\(index)" })
      return ValueSurvey.Item(ValueTensor(info, of: file), rule)
    }
    return try ValueSurvey.run(items, threads: threads).map { try #require($0) }
  }

  private static func isNear(_ a: Double, _ b: Double, _ tolerance: Double) -> Bool {
    abs(a - b) <= tolerance * max(1, abs(b))
  }

  @Test(arguments: [1, 2, 5, 100, 4096, 4097, 30_000])
  func `figures are those of plain loops`(count: Int) throws {
    var noise = Noise(seed: UInt64(count))
    let values = Array(noise.floats(count, in: -3..<5))
    let found = try Self.survey([([count], values)])[0]
    let numbers = values.map(Double.init)
    let sorted = numbers.sorted()
    let mean = numbers.reduce(0, +) / Double(count)
    let variance = numbers.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(count)
    #expect(found.count == count && found.finite == count && found.zeros == numbers.count { $0 == 0 })
    #expect(found.minimum == sorted.first && found.maximum == sorted.last)
    #expect(
      Self.isNear(found.mean, mean, 1e-12) && Self.isNear(found.deviation, variance.squareRoot(), 1e-12))
    for (quarter, quartile) in zip(1...3, found.quartiles) {
      let exact = sorted[(count - 1) * quarter / 4]
      // Of many values eight significant bits are known.
      #expect(count <= 4096 ? quartile == exact : abs(quartile - exact) <= 0.02 * abs(exact) + 0.002)
    }
    guard let histogram = found.histogram else { return }
    #expect(histogram.counts.reduce(histogram.below + histogram.above, +) == count)
    let width = (histogram.high - histogram.low) / Double(histogram.counts.count)
    for (bin, number) in histogram.counts.enumerated() {
      // Values at a border may fall to either side of it.
      let (low, high) = (histogram.low + Double(bin) * width, histogram.low + Double(bin + 1) * width)
      let slack = 1e-9 * width
      #expect(numbers.count { $0 > low + slack && $0 < high - slack } <= number)
      #expect(numbers.count { $0 >= low - slack && $0 <= high + slack } >= number)
    }
  }

  @Test func `what is not finite is counted, placed and left out of the figures`() throws {
    var values = [Float](repeating: 2, count: 500)
    (values[7], values[20], values[3], values[499]) = (.nan, .nan, .infinity, -.infinity)
    values[100] = 0
    let found = try Self.survey([([500], values)])[0]
    #expect(found.nans == 2 && found.firstNaN == 7 && found.infinities == 2 && found.firstInfinity == 3)
    #expect(found.finite == 496 && found.zeros == 1 && found.minimum == 0 && found.maximum == 2)
    #expect(found.remarks.first?.kind == .nonFinite)
    let broken = try Self.survey([([3], [.nan, .nan, .infinity]), ([0], [])])
    for statistics in broken { #expect(statistics.mean.isNaN && statistics.minimum.isNaN) }
  }

  @Test func `channels whose values are next to nothing are dead`() throws {
    var noise = Noise(seed: 9)
    var values = Array(noise.floats(16 * 18, in: 0.5..<1))
    for channel in [0, 5, 15] { for i in 0..<18 { values[channel * 18 + i] *= channel == 5 ? 1e-9 : 0 } }
    let channels = try Self.survey([([16, 2, 3, 3], values)], .filter)[0].channels
    #expect(channels?.dead == [0, 5, 15] && channels?.zeroCount == 2 && channels?.channelCount == 16)
  }

  @Test func `one value far outside is an outlier, with its place`() throws {
    var noise = Noise(seed: 3)
    var values = Array(noise.floats(6000, in: -1..<1))
    values[4321] = 500
    let found = try Self.survey([([60, 100], values)])[0]
    #expect(
      found.outlierCount == 1 && found.outliers.map(\.index) == [4321] && found.outliers[0].value == 500)
    #expect(found.remarks.map(\.kind) == [.outliers])
  }

  @Test func `threads change nothing`() throws {
    var noise = Noise(seed: 1)
    let tensors = (1...12).map { (shape: [$0 * 700], values: Array(noise.floats($0 * 700, in: -1..<9))) }
    let one = try Self.survey(tensors, threads: 1)
    for threads in [2, 5] { #expect(try Self.survey(tensors, threads: threads) == one) }
  }
}
