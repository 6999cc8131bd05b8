internal import ResNetArchitecture
internal import SWTBytes
internal import SWTInputs
internal import SWTTensorFiles

/// The named arrays of a file, among which the input and the output are to be found.
///
/// Names are tried first, then the order. timm's test tensors (`test/rand_tensors.safetensors` beside its
/// models on the Hugging Face Hub; timm's tests/test_models.py) are `input`, `output`, `features` (of the
/// last block) and `pre_logits` (pooled).
struct ImportedArrays {
  private let arrays: NamedArrays
  private var names: [String] { arrays.names }

  private static let inputNames = [
    "input", "inputs", "x", "image", "images", "pixel_values", "data", "input_0", "sample",
  ]
  private static let outputNames = [
    "output", "outputs", "logits", "y", "out", "scores", "output_0", "expected", "result",
  ]

  init(_ arrays: NamedArrays) { self.arrays = arrays }

  /// - Throws: ``GoldenFailure`` if there is no input or no output.
  func golden(_ name: String, for target: ImportTarget) throws(GoldenFailure) -> Golden {
    let tree = LayerTree(target.architecture)
    let layers = tapLayers(tree)
    let others = names.filter { layers[$0] == nil }
    let (first, second) = try roles(others)
    var (input, output) = (try load(first), try load(second))
    // By order alone, the array with the shape of an image is the input.
    if !isNamed(first), !isNamed(second), !Self.isImage(input.shape), Self.isImage(output.shape) {
      swap(&input, &output)
    }
    var imported = ImportedGolden(name: name, form: arrays.form.rawValue, input: input, output: output)
    for name in names {
      if let layer = layers[name] { imported.taps.append((layer, try load(name))) }
    }
    return try imported.golden(for: target)
  }

  private func roles(_ names: [String]) throws(GoldenFailure) -> (String, String) {
    let input = Self.inputNames.lazy.compactMap { Self.named($0, names) }.first
    let output = Self.outputNames.lazy.compactMap { Self.named($0, names) }.first { $0 != input }
    if let input, let output { return (input, output) }
    if names.count == 2 {
      if let input { return (input, names[names[0] == input ? 1 : 0]) }
      if let output { return (names[names[0] == output ? 1 : 0], output) }
      return (names[0], names[1])
    }
    let list = names.prefix(6).joined(separator: ", ") + (names.count > 6 ? ", …" : "")
    throw .notAGolden(
      "its \(names.count) arrays (\(list)) are not an input and an output; name them input and logits")
  }

  private static func named(_ wanted: String, _ names: [String]) -> String? {
    names.first { $0.lowercased() == wanted || $0.lowercased().hasSuffix(".\(wanted)") }
  }

  private func isNamed(_ name: String) -> Bool {
    (Self.inputNames + Self.outputNames).contains { Self.named($0, [name]) != nil }
  }

  private static func isImage(_ shape: [Int]) -> Bool {
    (shape.count == 4 && shape[1] == 3) || (shape.count == 3 && shape[0] == 3)
  }

  private func load(_ name: String) throws(GoldenFailure) -> TensorData {
    do throws(ParseFailure) {
      return try arrays.read(name)
    } catch {
      throw .damaged(error.inside(name))
    }
  }

  /// The arrays that are outputs of layers: layer by array name.
  private func tapLayers(_ tree: LayerTree) -> [String: String] {
    var layers: [String: String] = [:]
    for tap in tree.tapNames + tree.convolutions.map(\.name) where tap != tree.head?.name {
      if names.contains(tap) { layers[tap] = tap }
    }
    guard tree.head != nil, names.contains("features"), names.contains("pre_logits") else { return layers }
    layers["features"] = tree.blocks.last?.name
    layers["pre_logits"] = "avgpool"
    return layers
  }
}
