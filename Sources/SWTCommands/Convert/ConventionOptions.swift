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
    if let text = arguments.value("dilation") {
      let parts = text.split(separator: ",", omittingEmptySubsequences: false)
      let numbers = parts.compactMap { Int($0) }
      guard numbers.count == parts.count, numbers.allSatisfy({ (1...64).contains($0) }) else {
        throw UsageError("--dilation expects a number in 1…64 per stage, such as 1,1,2,4, not '\(text)'")
      }
      dilations = numbers
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
}
