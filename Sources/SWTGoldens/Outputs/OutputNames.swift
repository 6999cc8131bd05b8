package import ResNetArchitecture
package import SWTBytes

/// Finds out which layers an engine's arrays are.
///
/// A name is that of a tap, with `.`, `_`, `/` or `:` between its parts, or one that the user mapped; `fc`,
/// `output` and the like name the output.
package struct OutputNames: Sendable {
  /// The network's name of an output or tap, for each array that has one.
  package private(set) var layers: [ExactString: String] = [:]
  /// Names of the arrays that are inputs.
  package private(set) var inputs: [String] = []
  /// Names of arrays that are nothing of the network, in their order.
  package private(set) var ignored: [String] = []

  private static let outputs = [
    "logits", "output", "outputs", "out", "y", "scores", "result", "output_0", "output0", "prob",
    "classifier",
  ]
  private static let inputNames = [
    "input", "inputs", "x", "image", "images", "data", "input_0", "pixel_values",
  ]

  /// - Parameters:
  ///   - names: The arrays' names.
  ///   - tree: The network.
  ///   - map: The network's names by theirs, as the user gave them.
  package init(_ names: [String], _ tree: LayerTree, map: [ExactString: String]) {
    let taps = Self.taps(tree)
    var known: [ExactString: String] = [:]
    for tap in taps { known[Self.key(tap)] = tap }
    let output = tree.outputName
    if let last = tree.tapNames.last { known[Self.key(last)] = output }
    known[Self.key(output)] = output
    var rest: [String] = []
    for name in names {
      if let ours = map[ExactString(name)] {
        layers[ExactString(name)] = known[Self.key(ours)] ?? ours
      } else if let tap = known[Self.key(name)] {
        layers[ExactString(name)] = tap
      } else {
        rest.append(name)
      }
    }
    for name in rest {
      let low = name.lowercased()
      if Self.inputNames.contains(low) {
        inputs.append(name)
      } else if Self.outputs.contains(low), !layers.values.contains(output) {
        layers[ExactString(name)] = output
      } else if names.count == 1, map.isEmpty {
        // A single array is the output, whatever its name.
        layers[ExactString(name)] = output
      } else {
        ignored.append(name)
      }
    }
  }

  /// Every output that the network's engines name: stages and single layers.
  package static func taps(_ tree: LayerTree) -> [String] {
    var names = tree.tapNames + tree.stem.units.map(\.name)
    for block in tree.blocks {
      names += block.convolutions.map(\.name)
      if let attention = block.attention { names.append(attention.name) }
    }
    return names
  }

  /// A name in lower case without the marks that exporters put between its parts.
  private static func key(_ name: String) -> ExactString {
    ExactString(
      String(
        String.UnicodeScalarView(
          name.lowercased().unicodeScalars.filter { !"._/:-".unicodeScalars.contains($0) })))
  }
}
