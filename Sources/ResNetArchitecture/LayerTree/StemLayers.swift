/// The layers before pooling: one convolution, or three that share a name.
public struct StemLayers: Hashable, Sendable {
  /// Tap name of the last unit's output.
  public let name = "conv1"
  /// In execution order.
  public let units: [ConvolutionUnit]

  /// Channels of the image.
  public var inputChannels: Int { units[0].inputChannels }
  /// Input channels of the first stage.
  public var outputChannels: Int { units[units.count - 1].outputChannels }
  /// Output size along one side.
  public func outputSize(_ size: Int) -> Int { units.reduce(size) { $1.outputSize($0) } }

  init(_ architecture: Architecture) {
    let stem = architecture.stem
    // timm's names: conv1 is a sequence with ReLUs at indices 2 and 5.
    let names =
      stem.isDeep ? [("conv1.0", "conv1.1"), ("conv1.3", "conv1.4"), ("conv1.6", "bn1")] : [("conv1", "bn1")]
    let channels = [architecture.inputChannels] + stem.widths + [architecture.stemChannels]
    units = names.enumerated().map { index, name in
      ConvolutionUnit(
        name: name.0, normName: name.1, from: channels[index], to: channels[index + 1], kernel: stem.kernel,
        stride: index == 0 ? stem.stride : 1, padding: index == 0 ? stem.padding : 1,
        epsilon: architecture.epsilon(of: name.1))
    }
  }
}
