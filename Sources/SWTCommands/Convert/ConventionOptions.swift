internal import ResNetArchitecture
internal import SWTConsole

extension Conventions {
  /// Options for conventions that cannot be inferred from shapes.
  static let options: [CommandSpec.Option] = [
    .value(
      "stride-on", "3x3|1x1", "Which convolution of a bottleneck has the stride (v1.5 or v1).",
      of: .words(["3x3", "1x1"])),
    .value(
      "dilation", "D,D,D,D", "Dilation of each stage's 3×3 convolutions; 1,1,2,4 has an output stride of 8."
    ),
    .value(
      "first-dilation", "D,D,D,D",
      "Dilation of each stage's first block, where it is not that of the stage before."),
    .value(
      "strides", "S,S,S,S", "Stride of each stage: 1,2,2,2 unless stated; 1,2,2,1 in re-identification."),
    .value("stem", "KxK/S/P", "Kernel, stride and padding of the first convolution: 7x7/2/3, 3x3/1/1."),
    .value("pool", "KxK/S/P[/ceil]|none", "Pooling after the first convolution: 3x3/2/1."),
    .value("bn-eps", "EPSILON", "BatchNorm's epsilon (PyTorch: 1e-5)."),
    .value(
      "channel-order", "rgb|bgr", "Channel order of the input image.",
      of: .words(["rgb", "bgr"])),
  ]

  /// - Throws: ``UsageError`` if a value is invalid.
  init(_ arguments: Arguments) throws(UsageError) {
    self.init()
    if arguments.value("stride-on") != nil {
      let place = try arguments.choice("stride-on", ["3x3", "1x1"], default: "3x3")
      strideOn = place == "3x3" ? .conv2 : .conv1
    }
    dilations = try Self.numbers(arguments, "dilation", in: 1...64, example: "1,1,2,4")
    firstDilations = try Self.numbers(arguments, "first-dilation", in: 1...64, example: "1,1,1,2")
    strides = try Self.numbers(arguments, "strides", in: 1...8, example: "1,2,2,1")
    if let text = arguments.value("stem") {
      guard let stem = Architecture.Stem(text) else {
        throw UsageError("--stem expects kernel, stride and padding, such as 7x7/2/3, not '\(text)'")
      }
      self.stem = stem
    }
    if let text = arguments.value("pool") {
      let pool = Architecture.Pool(text)
      guard pool != nil || text == "none" else {
        throw UsageError("--pool expects none, or kernel, stride and padding, such as 3x3/2/1, not '\(text)'")
      }
      self.pool = pool.map { .pool($0) } ?? PoolChoice.none
    }
    if let text = arguments.value("bn-eps") {
      guard let value = Double(text), value >= 0, value < 1 else {
        throw UsageError("--bn-eps must be at least 0 and less than 1, not '\(text)'")
      }
      epsilon = value
    }
    if arguments.value("channel-order") != nil {
      let order = try arguments.choice("channel-order", ["rgb", "bgr"], default: "rgb")
      channels = order == "rgb" ? .rgb : .bgr
    }
  }

  private static func numbers(
    _ arguments: Arguments, _ option: String, in range: ClosedRange<Int>, example: String
  ) throws(UsageError) -> [Int]? {
    guard let text = arguments.value(option) else { return nil }
    let parts = text.split(separator: ",", omittingEmptySubsequences: false)
    let numbers = parts.compactMap { Int($0) }
    guard numbers.count == parts.count, numbers.allSatisfy({ range.contains($0) }) else {
      throw UsageError(
        "--\(option) expects a number in \(range.lowerBound)…\(range.upperBound) per stage, "
          + "such as \(example), not '\(text)'")
    }
    return numbers
  }
}
