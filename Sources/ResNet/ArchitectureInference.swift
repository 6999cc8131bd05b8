/// Why shapes do not describe a ResNet that this package knows.
public struct InferenceFailure: Error, Equatable, Sendable, CustomStringConvertible {
  public let description: String
}

extension Architecture {
  /// Reads the architecture from the shapes of a state dict with torchvision's names.
  ///
  /// Shapes tell block type, number of blocks, groups, width, classes and whether there is a head. They do not
  /// tell on which convolution the stride sits or BatchNorm's epsilon; those are torchvision's.
  /// - `resnext101_32x8d` and `resnext101_64x4d` differ only in `conv2.weight.shape[1]`.
  ///
  /// - Parameter shapes: canonical name -> shape.
  /// - Returns: an architecture whose tree may still differ from the shapes: lay them onto it to know.
  /// - Throws: ``InferenceFailure`` naming the first thing that does not fit.
  public static func inferred(from shapes: [String: [Int]]) throws(InferenceFailure) -> Architecture {
    func shape(_ name: String, rank: Int) throws(InferenceFailure) -> [Int] {
      guard let shape = shapes[name] else { throw InferenceFailure(description: "there is no \(name)") }
      // The bound keeps every product below from overflowing, whatever a file claims.
      guard shape.count == rank, shape.allSatisfy({ (1...1 << 16).contains($0) }) else {
        throw InferenceFailure(description: "\(name) has shape \(shape)")
      }
      return shape
    }

    let stem = try shape("conv1.weight", rank: 4)
    guard stem[1...] == [3, 7, 7] else {
      throw InferenceFailure(
        description: "conv1.weight has shape \(stem); a ResNet's stem is [channels, 3, 7, 7]")
    }
    let layers = try blockCounts(shapes)
    let classCount = shapes["fc.weight"] == nil ? nil : try shape("fc.weight", rank: 2)[0]

    guard shapes["layer1.0.conv3.weight"] != nil else {
      let planes = try shape("layer1.0.conv1.weight", rank: 4)[0]
      return Architecture(
        block: .basic, layers: layers, classCount: classCount, basePlanes: planes, stemChannels: stem[0])
    }
    let expansion = Block.bottleneck.expansion
    let planes = try shape("layer1.0.conv3.weight", rank: 4)[0] / expansion
    let width = try shape("layer1.0.conv2.weight", rank: 4)
    guard planes > 0, width[0].isMultiple(of: width[1]) else {
      throw InferenceFailure(description: "layer1.0.conv2.weight has shape \(width)")
    }
    let groups = width[0] / width[1]
    // int(planes * width_per_group / 64) loses what is below one channel, least in the widest stage.
    let last = try shape("layer\(layers.count).0.conv2.weight", rank: 4)[1]
    let lastPlanes = planes << (layers.count - 1)
    let widthPerGroup = (last * 64 + lastPlanes - 1) / lastPlanes
    return Architecture(
      block: .bottleneck, layers: layers, groups: groups, widthPerGroup: widthPerGroup,
      classCount: classCount, basePlanes: planes, stemChannels: stem[0])
  }

  private static func blockCounts(_ shapes: [String: [Int]]) throws(InferenceFailure) -> [Int] {
    var layers: [Int] = []
    for stage in 1...4 {
      var count = 0
      while shapes["layer\(stage).\(count).conv1.weight"] != nil { count += 1 }
      guard count > 0 else {
        throw InferenceFailure(description: "there is no layer\(stage).0.conv1.weight")
      }
      layers.append(count)
    }
    return layers
  }
}
