internal import ResNetArchitecture
internal import SWTConsole

extension Conventions {
  /// The options of a command that say what shapes cannot tell.
  static let options: [CommandSpec.Option] = [
    .value(
      "stride-on", "3x3|1x1", "The convolution of a bottleneck that has the stride: v1.5 or v1.",
      of: .words(["3x3", "1x1"])),
    .value(
      "dilation", "D,D,D,D", "Dilation of each stage's 3×3 convolutions: 1,1,2,4 keeps an output stride of 8."
    ),
    .value("bn-eps", "EPSILON", "BatchNorm's epsilon (PyTorch: 1e-5)."),
    .value(
      "channel-order", "rgb|bgr", "Order of the channels that the first convolution takes.",
      of: .words(["rgb", "bgr"])),
  ]

  /// - Throws: ``UsageError`` for a value that is none.
  init(_ arguments: Arguments) throws(UsageError) {
    self.init()
    if arguments.value("stride-on") != nil {
      let place = try arguments.choice("stride-on", ["3x3", "1x1"], default: "3x3")
      strideOn = place == "3x3" ? .conv2 : .conv1
    }
    if let text = arguments.value("dilation") {
      let parts = text.split(separator: ",", omittingEmptySubsequences: false)
      let numbers = parts.compactMap { Int($0) }
      guard numbers.count == parts.count, numbers.allSatisfy({ (1...64).contains($0) }) else {
        throw UsageError("--dilation is a number in 1…64 for each stage, such as 1,1,2,4, not '\(text)'")
      }
      dilations = numbers
    }
    if let text = arguments.value("bn-eps") {
      guard let value = Double(text), value >= 0, value < 1 else {
        throw UsageError("--bn-eps is a number of 0 or more and less than 1, not '\(text)'")
      }
      epsilon = value
    }
    if arguments.value("channel-order") != nil {
      let order = try arguments.choice("channel-order", ["rgb", "bgr"], default: "rgb")
      channels = order == "rgb" ? .rgb : .bgr
    }
  }
}
