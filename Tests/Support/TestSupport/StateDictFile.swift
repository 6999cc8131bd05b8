package import ResNetArchitecture

/// A checkpoint of names and shapes whose values are all zero, for tests in which only names and shapes
/// matter.
package struct StateDictFile {
  package var tensors: [(name: String, shape: [Int])]

  package init(_ tensors: [(name: String, shape: [Int])]) { self.tensors = tensors }

  /// The state dict of a network, in torchvision's names.
  package init(_ architecture: Architecture) {
    tensors = LayerTree(architecture).parameters.map { ($0.name, $0.shape) }
  }

  /// The bytes of a `.pth` with all of them in one dict, as views of one storage.
  package var bytes: [UInt8] {
    let count = tensors.map { $0.shape.reduce(1, *) }.max() ?? 1
    var pickle = PickleBuilder().op(0x7D).op(0x28)
    for (name, shape) in tensors {
      var strides = [Int64](repeating: 1, count: shape.count)
      for place in shape.indices.dropLast().reversed() {
        strides[place] = strides[place + 1] * Int64(shape[place + 1])
      }
      pickle = pickle.text(name).tensor(
        count: Int64(count), size: shape.map(Int64.init), stride: strides)
    }
    return ZipBuilder.checkpoint(pickle.op(0x75).stop(), floats: count)
  }

  /// The same with each tensor a part of its own of one flat storage, as training code with flattened parameters saves
  /// them.
  package var flattenedBytes: [UInt8] {
    let count = tensors.reduce(0) { $0 + $1.shape.reduce(1, *) }
    var pickle = PickleBuilder().op(0x7D).op(0x28)
    var offset: Int64 = 0
    for (name, shape) in tensors {
      var strides = [Int64](repeating: 1, count: shape.count)
      for place in shape.indices.dropLast().reversed() {
        strides[place] = strides[place + 1] * Int64(shape[place + 1])
      }
      pickle = pickle.text(name).tensor(
        count: Int64(count), offset: offset, size: shape.map(Int64.init), stride: strides)
      offset += Int64(shape.reduce(1, *))
    }
    return ZipBuilder.checkpoint(pickle.op(0x75).stop(), floats: count)
  }

  // MARK: - Changing it

  package func renaming(_ change: (String) -> String) -> StateDictFile {
    StateDictFile(tensors.map { (change($0.name), $0.shape) })
  }

  package func without(_ isGone: (String) -> Bool) -> StateDictFile {
    StateDictFile(tensors.filter { !isGone($0.name) })
  }

  package func without(_ start: String) -> StateDictFile { without { $0.hasPrefix(start) } }

  package func with(_ name: String, _ shape: [Int]) -> StateDictFile {
    StateDictFile(tensors + [(name, shape)])
  }

  package func shaping(_ name: String, _ shape: [Int]) -> StateDictFile {
    StateDictFile(tensors.map { $0.name == name ? (name, shape) : $0 })
  }

  /// The same names with changed shapes.
  package func shaping(_ change: (String, [Int]) -> [Int]) -> StateDictFile {
    StateDictFile(tensors.map { ($0.name, change($0.name, $0.shape)) })
  }

  package static func + (a: StateDictFile, b: StateDictFile) -> StateDictFile {
    StateDictFile(a.tensors + b.tensors)
  }
}
