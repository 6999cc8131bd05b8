internal import ResNetArchitecture

/// Weights of the classifier, or of a layer of a gate, in the network's storage.
struct PackedDense: Sendable {
  /// What is done to each result.
  enum Finish: Hashable, Sendable {
    case none, relu, sigmoid
  }

  let name: String
  /// `[rows][columns]` weights, one bias for each row, zero where the network has none; a kernel over
  /// neighbors has no bias and one row.
  let rows, columns: Int
  let finish: Finish
  let weightOffset, biasOffset: Int
  /// Whether there is room for a bias, and whether the network has one.
  let storesBias, hasBias: Bool

  init(
    _ name: String, rows: Int, columns: Int, finish: Finish, storesBias: Bool = true, hasBias: Bool = true,
    at offset: Int
  ) {
    self.storesBias = storesBias
    self.name = name
    self.rows = rows
    self.columns = columns
    self.finish = finish
    self.hasBias = hasBias
    weightOffset = offset
    biasOffset = offset + (rows * columns + 15) / 16 * 16
  }

  /// First float after its weights and bias.
  var end: Int { storesBias ? biasOffset + (rows + 15) / 16 * 16 : biasOffset }
}

extension LayerTree {
  /// Every layer of the gates, and the classifier, packed one after the other from `offset` on.
  func packedDense(at offset: Int) -> [PackedDense] {
    var layers: [PackedDense] = []
    func add(
      _ name: String, rows: Int, columns: Int, _ finish: PackedDense.Finish, storesBias: Bool = true,
      hasBias: Bool = true
    ) {
      layers.append(
        PackedDense(
          name, rows: rows, columns: columns, finish: finish, storesBias: storesBias, hasBias: hasBias,
          at: layers.last?.end ?? offset))
    }
    for block in blocks {
      guard let attention = block.attention else { continue }
      switch attention.kind {
      case .squeezeExcitation(let inner):
        add("\(attention.name).fc1", rows: inner, columns: attention.channels, .relu)
        add("\(attention.name).fc2", rows: attention.channels, columns: inner, .sigmoid)
      case .eca(let kernel):
        add("\(attention.name).conv", rows: 1, columns: kernel, .sigmoid, storesBias: false, hasBias: false)
      }
    }
    if let head {
      add(
        head.name, rows: head.outputFeatures, columns: head.inputFeatures, .none, hasBias: head.hasBias)
    }
    return layers
  }
}
