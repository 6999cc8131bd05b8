/// The share of single-weight damage that a set of goldens would notice.
public struct MutationScore: Equatable, Sendable {
  /// The mutations of one layer's weights.
  public struct Layer: Equatable, Sendable {
    /// `conv1`, `layer2.0.conv2`, `fc`.
    public var name: String
    /// Number of mutations of its weights.
    public var tried: Int
    /// Number noticed by at least one golden.
    public var caught: Int

    /// Whether there were mutations and none was noticed.
    public var isBlind: Bool { tried > 0 && caught == 0 }

    package init(name: String, tried: Int, caught: Int) {
      self.name = name
      self.tried = tried
      self.caught = caught
    }
  }

  /// The number noticed by one golden alone.
  public struct ByGolden: Equatable, Sendable {
    /// The golden's name.
    public var name: String
    /// Number of mutations noticed.
    public var caught: Int

    package init(name: String, caught: Int) {
      self.name = name
      self.caught = caught
    }
  }

  /// The seed of the mutations; the same seed tries the same weights.
  public var seed: UInt64
  /// In execution order, all layers with weights.
  public var layers: [Layer]
  /// One per golden.
  public var goldens: [ByGolden]

  package init(seed: UInt64, layers: [Layer], goldens: [ByGolden]) {
    self.seed = seed
    self.layers = layers
    self.goldens = goldens
  }

  /// Number of mutations of all layers.
  public var tried: Int { layers.reduce(0) { $0 + $1.tried } }
  /// Number noticed by at least one golden.
  public var caught: Int { layers.reduce(0) { $0 + $1.caught } }
  /// The fraction of mutations noticed, 0…1; 1 if none was tried.
  public var score: Double { tried == 0 ? 1 : Double(caught) / Double(tried) }
  /// Layers in which no mutation was noticed.
  public var blindLayers: [String] { layers.filter(\.isBlind).map(\.name) }
}
