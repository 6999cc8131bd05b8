internal import ResNetArchitecture
package import SWTTensorFiles

extension Golden {
  /// The same test with another program's results as its expectation, to find out what that program
  /// computed.
  ///
  /// Floors, conventions and input stay; recorded digests and labels go, as they are of the original's.
  ///
  /// - Parameters:
  ///   - output: The program's output, in the shape of ``output-swift.property``.
  ///   - taps: Whole outputs of layers, by their names.
  /// - Returns: The changed golden.
  /// - Throws: ``GoldenFailure`` if a shape is not that of the layer.
  package func expecting(
    _ output: TensorData, taps: [(name: String, data: TensorData)]
  ) throws(GoldenFailure) -> Golden {
    let gone = ["tap.", "digest.", "labels_top5", "weights_digest"]
    let kept = metadata.pairs.filter { pair in !gone.contains { pair.key.hasPrefix($0) } }
    let metadata = OrderedStrings(kept.map { ($0.key, $0.value) })
    var stored = tensors.filter { $0.name == "input" }
    stored.append(Stored(name: "\(self.output.name)_f32", output))
    for tap in taps { stored.append(Stored(name: "tap.\(tap.name)", tap.data)) }
    return try Golden(metadata: metadata, tensors: stored)
  }
}
