/// How much single-weight damage a set of goldens would notice.
public struct MutationScore: Equatable, Sendable {
  /// The mutations of one layer's weights.
  public struct Layer: Equatable, Sendable {
    /// `conv1`, `layer2.0.conv2`, `fc`.
    public var name: String
    /// Mutations of its weights.
    public var tried: Int
    /// How many at least one golden noticed.
    public var caught: Int

    /// True when none of several mutations was noticed.
    public var isBlind: Bool { tried > 0 && caught == 0 }

    package init(name: String, tried: Int, caught: Int) {
      self.name = name
      self.tried = tried
      self.caught = caught
    }
  }

  /// How many one golden alone would notice.
  public struct ByGolden: Equatable, Sendable {
    /// The golden's name.
    public var name: String
    /// How many it noticed.
    public var caught: Int

    package init(name: String, caught: Int) {
      self.name = name
      self.caught = caught
    }
  }

  /// The mutations are those of this seed; the same seed tries the same weights.
  public var seed: UInt64
  /// In execution order; every layer with weights is there.
  public var layers: [Layer]
  /// One for each golden.
  public var goldens: [ByGolden]

  package init(seed: UInt64, layers: [Layer], goldens: [ByGolden]) {
    self.seed = seed
    self.layers = layers
    self.goldens = goldens
  }

  /// Mutations of all layers.
  public var tried: Int { layers.reduce(0) { $0 + $1.tried } }
  /// Noticed by at least one golden.
  public var caught: Int { layers.reduce(0) { $0 + $1.caught } }
  /// Part of the mutations that was noticed, 0…1; 1 when none was tried.
  public var score: Double { tried == 0 ? 1 : Double(caught) / Double(tried) }
  /// Layers in which no mutation was noticed.
  public var blindLayers: [String] { layers.filter(\.isBlind).map(\.name) }
}
