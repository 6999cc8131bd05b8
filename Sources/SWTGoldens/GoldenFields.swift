internal import ResNetArchitecture
internal import SWTBytes
internal import SWTChecksums
internal import SWTTensorFiles
internal import SWTTensors

/// Extracts the parts of a golden from its metadata and tensors, and checks them against each other.
struct GoldenFields {
  let metadata: OrderedStrings
  private let tensors: [ExactString: TensorData]
  private let names: [String]
  /// Whether heights and widths of maps may be others than the network's.
  private let sizesAreOpen: Bool

  init(metadata: OrderedStrings, tensors: [Golden.Stored], sizesAreOpen: Bool) {
    self.metadata = metadata
    self.sizesAreOpen = sizesAreOpen
    self.tensors = Dictionary(tensors.map { (ExactString($0.name), $0.data) }) { first, _ in first }
    names = tensors.map(\.name)
  }

  func requireVersion() throws(GoldenFailure) {
    guard let version = metadata["pth2swt.golden"] else {
      throw .notAGolden("its metadata have no key pth2swt.golden")
    }
    guard version == "1" else { throw .unsupported("version \(version); this program reads version 1") }
    guard Set(names.map { ExactString($0) }).count == names.count else {
      throw .inconsistent("two tensors have the same name")
    }
  }

  // MARK: Network

  func architecture() throws(GoldenFailure) -> Architecture {
    func field<Value>(
      _ key: String, _ convert: (String) -> Value?
    ) -> ArchitectureFields.Field<Value> {
      guard let text = metadata[key] else { return .absent }
      return convert(text).map { .value($0) } ?? .invalid
    }
    let fields = ArchitectureFields(
      text: { key in field(key) { $0 } }, integers: { key in field(key) { Self.integers($0) } },
      integer: { key in field(key) { Int($0) } },
      double: { key in field(key) { text in Double(text).flatMap { $0.isFinite ? $0 : nil } } })
    do throws(ReadingFailure) {
      return try fields.architecture(classes: 1000)
    } catch {
      throw .inconsistent(error.message)
    }
  }

  func input() throws(GoldenFailure) -> GoldenInput {
    if let text = metadata["input_formula"] {
      guard tensors[ExactString("input")] == nil else {
        throw .inconsistent("it has both an input and an input formula")
      }
      let formula = try InputFormula(text)
      return GoldenInput(shape: formula.shape, values: .formula(formula))
    }
    guard let data = tensors[ExactString("input")] else {
      throw .inconsistent("it has neither an input nor an input formula")
    }
    try InputFormula.requireImages(data.shape)
    return GoldenInput(shape: data.shape, values: .stored(try floats("input", data)))
  }

  // MARK: Expectations

  func output(_ shapes: TapShapes) throws(GoldenFailure) -> Golden.Output {
    let name = shapes.tree.outputName
    guard metadata["output"] ?? name == name else {
      throw .inconsistent("the output is \(metadata["output"] ?? ""), but that of the network is \(name)")
    }
    let wide = tensors[ExactString("\(name)_f64")]
    let narrow = tensors[ExactString("\(name)_f32")]
    guard let own = shapes[name], let data = wide ?? narrow else {
      throw .inconsistent("it has neither \(name)_f64 nor \(name)_f32")
    }
    let shape = taken(data.shape, own)
    for data in [wide, narrow] {
      guard let data, data.shape != shape else { continue }
      throw .inconsistent("\(name) has shape \(data.shape), but that of the network is \(shape)")
    }
    var reference: [Double]?
    if let wide {
      guard wide.type == .float64 else { throw .inconsistent("\(name)_f64 is \(wide.type.rawValue)") }
      let values = try reading { () throws(ParseFailure) in try wide.doubles() }
      guard values.allSatisfy(\.isFinite) else {
        throw .inconsistent("\(name)_f64 has values that are not finite")
      }
      reference = values
    }
    var float32: [Float]?
    if let narrow { float32 = try floats("\(name)_f32", narrow) }
    return Golden.Output(
      name: name, shape: shape, reference: reference ?? (float32 ?? []).map(Double.init), float32: float32,
      isFloat32Only: reference == nil)
  }

  func taps(_ shapes: TapShapes) throws(GoldenFailure) -> [GoldenTap] {
    var found: [String: GoldenTap] = [:]
    for tensorName in names where tensorName.hasPrefix("tap.") {
      let isSampled = tensorName.hasSuffix(".values")
      let name = String(tensorName.dropFirst(4).dropLast(isSampled ? 7 : 0))
      guard let own = shapes[name], let data = tensors[ExactString(tensorName)] else {
        throw .inconsistent("the tap \(name) does not exist in the network")
      }
      let shape = taken(data.shape, own)
      if let text = metadata["tap.\(name).shape"], Self.integers(text) != shape {
        throw .inconsistent("the tap \(name) has shape \(text), but that of the network is \(shape)")
      }
      let values = try floats(tensorName, data)
      let stored: GoldenTap.Values
      if isSampled {
        guard data.shape.count == 1, let seed = metadata["tap.\(name).seed"].flatMap({ UInt64($0) }) else {
          throw .inconsistent("the samples of \(name) are not one-dimensional, or have no seed")
        }
        stored = .sampled(seed: seed, values)
      } else {
        guard data.shape == shape else {
          throw .inconsistent("the tap \(name) has shape \(data.shape), but that of the network is \(shape)")
        }
        stored = .full(values)
      }
      let tap = GoldenTap(name: name, shape: shape, values: stored, statistics: try statistics(name))
      guard found.updateValue(tap, forKey: name) == nil else {
        throw .inconsistent("two taps of \(name)")
      }
    }
    return shapes.order.compactMap { found[$0] }
  }

  /// The shape that data may have: their own if it differs from the network's in its open sizes only.
  private func taken(_ shape: [Int], _ own: [Int]) -> [Int] {
    let differsInSizes =
      sizesAreOpen && shape.count == 4 && own.count == 4 && shape.prefix(2) == own.prefix(2)
    return differsInSizes ? shape : own
  }

  private func statistics(_ name: String) throws(GoldenFailure) -> GoldenTap.Statistics? {
    guard let mean = try double("tap.\(name).mean"), let std = try double("tap.\(name).std"),
      let absmax = try double("tap.\(name).absmax"), let l2 = try double("tap.\(name).l2")
    else { return nil }
    return GoldenTap.Statistics(mean: mean, std: std, absmax: absmax, l2: l2)
  }

  /// Labels per item of the batch; empty if the golden has none.
  func labels(_ output: Golden.Output) throws(GoldenFailure) -> [[Int]] {
    guard let text = metadata["labels_top5"] else { return [] }
    let rows = text.split(separator: ";", omittingEmptySubsequences: false).map { Self.integers($0) }
    let classes = output.shape[1]
    guard output.shape.count == 2, rows.count == output.shape[0],
      rows.allSatisfy({ row in row?.allSatisfy { 0..<classes ~= $0 } ?? false })
    else { throw .inconsistent("labels_top5 is \(text)") }
    return rows.compactMap { $0 }
  }
}
