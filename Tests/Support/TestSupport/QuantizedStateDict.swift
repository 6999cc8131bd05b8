internal import ResNetArchitecture

/// A state dict of a quantized network, whose numbers a test can change: each tensor has a storage of its own.
package struct QuantizedStateDict {
  /// A value of the dict.
  package enum Value {
    /// A tensor of float32, float64 or int64.
    case floats([Float], shape: [Int])
    case doubles([Double], shape: [Int])
    case integers([Int64], shape: [Int])
    /// A `qint8` tensor, or of another type with one byte per element.
    case quantized(type: String, shape: [Int], scales: [Double], zeros: [Int64], axis: Int)
    /// A tuple of values.
    case tuple([Value])
    /// `None`.
    case none
  }

  /// In the order of the file.
  package var values: [(name: String, value: Value)] = []

  /// A network with one basic block per stage and 4, 8, 16 and 32 channels.
  package init() throws {
    guard var architecture = Architecture.named("resnet18") else { throw TestFailure("no resnet18") }
    architecture.layers = [1, 1, 1, 1]
    architecture.basePlanes = 4
    architecture.classCount = 3
    let tree = LayerTree(architecture)
    func add(_ name: String, _ value: Value) { values.append((name, value)) }
    func addNumbers(_ module: String) {
      add("\(module).scale", .floats([0.05], shape: []))
      add("\(module).zero_point", .integers([64], shape: []))
    }
    func weight(_ shape: [Int]) -> Value {
      .quantized(
        type: "QInt8Storage", shape: shape, scales: Array(repeating: 0.01, count: shape[0]),
        zeros: Array(repeating: 0, count: shape[0]), axis: 0)
    }
    for unit in tree.convolutions {
      add("\(unit.name).weight", weight(unit.weightShape))
      add(
        "\(unit.name).bias",
        .floats(Array(repeating: 0.5, count: unit.outputChannels), shape: [unit.outputChannels]))
      addNumbers(unit.name)
    }
    for block in tree.blocks { addNumbers("\(block.name).add_relu") }
    addNumbers("fc")
    add("fc._packed_params._packed_params", .tuple([weight([3, 32]), .floats([1, 2, 3], shape: [3])]))
    add("quant.scale", .floats([0.02], shape: [1]))
    add("quant.zero_point", .integers([57], shape: [1]))
  }

  package subscript(_ name: String) -> Value? {
    get { values.first { $0.name == name }?.value }
    set {
      let place = values.firstIndex { $0.name == name }
      switch (place, newValue) {
      case (let place?, let value?): values[place].value = value
      case (let place?, nil): values.remove(at: place)
      case (nil, let value?): values.append((name, value))
      case (nil, nil): return
      }
    }
  }

  /// The bytes of a `.pth`.
  package var bytes: [UInt8] {
    var zip = ZipBuilder()
    var storages: [[UInt8]] = []
    var pickle = PickleBuilder().op(0x7D).op(0x28)
    for (name, value) in values { pickle = Self.put(value, pickle.text(name), &storages) }
    zip.add("archive/data.pkl", pickle.op(0x75).stop())
    for (key, bytes) in storages.enumerated() { zip.add("archive/data/\(key)", bytes) }
    zip.add("archive/version", Array("3\n".utf8))
    return zip.bytes()
  }

  /// A file of one quantized convolution saved whole, whose state is a tuple of the first `count` of 16 values.
  package static func convolutionState(count: Int) -> [UInt8] {
    var storages: [[UInt8]] = []
    func pair(_ value: Int64) -> (PickleBuilder) -> PickleBuilder { { $0.tuple([value, value]) } }
    func quantized(_ pickle: PickleBuilder) -> PickleBuilder {
      let shape = [4, 4, 1, 1]
      let scales = [0.01, 0.02, 0.03, 0.04]
      let weight = Value.quantized(
        type: "QInt8Storage", shape: shape, scales: scales, zeros: [0, 0, 0, 0], axis: 0)
      return put(weight, pickle, &storages)
    }
    let scale: [UInt8] = [0x3F, 0xA0, 0, 0, 0, 0, 0, 0]
    let values: [(PickleBuilder) -> PickleBuilder] = [
      { $0.int(4) }, { $0.int(4) }, pair(1), pair(1), pair(0), pair(1), { $0.op(0x89) }, pair(0),
      { $0.int(1) },
      { $0.text("zeros") }, quantized, { $0.op(0x4E) }, { $0.op(0x47, scale) }, { $0.int(3) },
      { $0.op(0x89) },
      { $0.op(0x89) },
    ]
    var pickle = PickleBuilder().op(0x7D).op(0x28).text("conv")
      .global("torch.ao.nn.quantized.modules.conv", "Conv2d").op(0x29).op(0x81).op(0x28)
    for value in values.prefix(count) { pickle = value(pickle) }
    var zip = ZipBuilder()
    zip.add("archive/data.pkl", pickle.op(0x74).op(0x62).op(0x75).stop())
    for (key, bytes) in storages.enumerated() { zip.add("archive/data/\(key)", bytes) }
    zip.add("archive/version", Array("3\n".utf8))
    return zip.bytes()
  }

  private static func put(_ value: Value, _ pickle: PickleBuilder, _ storages: inout [[UInt8]])
    -> PickleBuilder
  {
    func tensor(_ type: String, _ shape: [Int], _ bytes: [UInt8], width: Int) -> PickleBuilder {
      storages.append(bytes)
      return pickle.tensor(
        type, key: "\(storages.count - 1)", count: Int64(bytes.count / width), size: shape.map(Int64.init),
        stride: strides(shape))
    }
    switch value {
    case .floats(let values, let shape):
      return tensor("FloatStorage", shape, values.flatMap { little($0.bitPattern) }, width: 4)
    case .doubles(let values, let shape):
      return tensor("DoubleStorage", shape, values.flatMap { little($0.bitPattern) }, width: 8)
    case .integers(let values, let shape):
      return tensor("LongStorage", shape, values.flatMap { little(UInt64(bitPattern: $0)) }, width: 8)
    case .none: return pickle.op(0x4E)
    case .tuple(let values):
      return values.reduce(pickle.op(0x28)) { put($1, $0, &storages) }.op(0x74)
    case .quantized(let type, let shape, let scales, let zeros, let axis):
      let count = shape.reduce(1, *)
      storages.append((0..<count).map { UInt8(truncatingIfNeeded: $0 &* 37) })
      var made = pickle.global("torch._utils", "_rebuild_qtensor").op(0x28)
        .storage(type, key: "\(storages.count - 1)", count: Int64(count)).int(0)
        .tuple(shape.map(Int64.init)).tuple(strides(shape)).op(0x28).global("torch", "per_channel_affine")
      made = put(.doubles(scales, shape: [scales.count]), made, &storages)
      made = put(.integers(zeros, shape: [zeros.count]), made, &storages)
      return made.int(Int64(axis)).op(0x74).op(0x89).op(0x4E).op(0x74).op(0x52)
    }
  }

  private static func strides(_ shape: [Int]) -> [Int64] {
    shape.indices.map { place in Int64(shape[(place + 1)...].reduce(1, *)) }
  }

  private static func little<Word: FixedWidthInteger>(_ word: Word) -> [UInt8] {
    (0..<Word.bitWidth / 8).map { UInt8(truncatingIfNeeded: word >> Word(8 * $0)) }
  }
}
