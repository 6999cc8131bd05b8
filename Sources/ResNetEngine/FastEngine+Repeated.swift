internal import ResNetArchitecture

extension FastEngine {
  /// Computes the whole network into a map that the caller keeps.
  ///
  /// Allocates nothing when `output` has the right shape already, nobody else holds a copy of it, and the
  /// last run had images of the same size: from the second run on. The bits are those of ``run(_:taps:)``.
  ///
  /// - Parameters:
  ///   - input: `[N, 3, H, W]`, normalized as in training; any `N`, `H`, `W` of at least 1.
  ///   - output: Becomes the logits `[N, classes]`, or the last map `[N, C, h, w]` of a headless network.
  ///     Of another shape, it is made anew.
  /// - Throws: ``InferenceError/wrongInput(expected:actual:values:)``.
  public func run(
    _ input: FeatureMap<Float>, into output: inout FeatureMap<Float>
  ) throws(InferenceError) {
    try prepare(input)
    guard let last = plan.stages.last else { preconditionFailure("a network has stages") }
    let batch = input.shape[0]
    if !fits(output.shape, last.output, batch: batch) { output = emptyOutput(batch: batch) }
    unsafe run(plan.stages.indices, input, into: &output)
  }

  /// Checks an image and plans for its size.
  func prepare(_ input: FeatureMap<Float>) throws(InferenceError) {
    let shape = input.shape
    let channels = tree.stem.inputChannels
    // By hand: an expected shape would be an array, and this stands in a run.
    guard shape.count == 4, shape[0] > 0, shape[1] == channels, shape[2] > 0, shape[3] > 0 else {
      throw .wrongInput(expected: [-1, channels, -1, -1], actual: shape, values: input.values.count)
    }
    try plan(height: shape[2], width: shape[3])
  }

  /// The output for `batch` images of the planned size, all zero.
  func emptyOutput(batch: Int) -> FeatureMap<Float> {
    guard let last = plan.stages.last?.output else { preconditionFailure("a network has stages") }
    return FeatureMap(
      shape: tree.head == nil
        ? [batch, last.layout.channels, last.height, last.width] : [batch, last.layout.channels])
  }

  private func fits(_ shape: [Int], _ last: Activation, batch: Int) -> Bool {
    guard shape.count == (tree.head == nil ? 4 : 2) else { return false }
    return shape[0] == batch && shape[1] == last.layout.channels
      && (tree.head != nil || (shape[2] == last.height && shape[3] == last.width))
  }
}
