internal import ResNetArchitecture
internal import ResNetModel
internal import SWT
internal import SWTBytes
internal import SWTTensorFiles

extension ConversionOptions {
  /// The options that a weight file says it was made with: how all of its tensors are folded, cast or quantized,
  /// and the conventions that the user had to give because no checkpoint has them.
  ///
  /// A statement selects one conversion for the whole file. It never selects which tensors are compared.
  init(statedBy file: SWTFile, limits: ParseLimits) {
    self.init()
    self.limits = limits
    if SWTArchitecture.read(file) == nil { architecture = .none }
    foldsBatchNorm = file.metadata("arch.bn") == .text("folded")
    guard case .text(let name) = file.metadata("convert.precision"), let precision = Precision(rawValue: name)
    else { return }
    self.precision = precision
    // Which layers stay wide is a choice; which values they then have is not.
    if precision == .i8 { wideLayers = .named(Self.wideLayers(file)) }
  }

  private static func wideLayers(_ file: SWTFile) -> [String] {
    guard let architecture = SWTArchitecture.read(file) else { return [] }
    let tree = LayerTree(architecture)
    return (tree.convolutions.map(\.name) + [tree.head?.name].compactMap(\.self)).filter { name in
      let dtype = file.index(of: "\(name).weight").flatMap { file.info($0).dtype }
      return dtype == .f16 || dtype == .bf16
    }
  }
}

/// The witnesses that a weight file names for its conventions.
private struct StatedWitnesses {
  private let witnesses: JSONValue

  init?(_ file: SWTFile) {
    guard case .json(let text) = file.metadata("source.conventions"),
      let witnesses = try? JSONValue.parse(Array(text.utf8))
    else { return nil }
    self.witnesses = witnesses
  }

  /// Whether an option is said to have given the convention.
  func isOption(_ name: String) -> Bool { witnesses[name]?.string == Witness.option.description }

  /// The golden that is said to have settled conventions.
  var golden: String? {
    for name in ["stem", "pool", "strides", "stride_on", "dilations", "first_dilations", "bn_eps"] {
      guard let text = witnesses[name]?.string, text.hasPrefix("golden ") else { continue }
      return String(text.dropFirst("golden ".count))
    }
    return nil
  }
}

extension ConversionOptions {
  /// Adds what a weight file says that the user, or a golden, stated of the function, because no checkpoint has
  /// it; and which classifier it is.
  mutating func addConventions(statedBy file: SWTFile) {
    guard let architecture = SWTArchitecture.read(file), let witnesses = StatedWitnesses(file) else { return }
    if let name = witnesses.golden { passingGolden = .init(name: name, architecture: architecture) }
    if witnesses.isOption("head") {
      head = .none
      if architecture.hasHead, case .text(let name) = file.metadata("source.head") { head = .key(name) }
      if architecture.hasHead, head == .none { head = .key("fc") }
    }
    var given = Conventions()
    if witnesses.isOption("stem") { given.stem = architecture.stem }
    if witnesses.isOption("pool") {
      given.pool = architecture.pool.map { .pool($0) } ?? Conventions.PoolChoice.none
    }
    if witnesses.isOption("strides") { given.strides = architecture.strides }
    if witnesses.isOption("stride_on") { given.strideOn = architecture.strideOn }
    if witnesses.isOption("dilations") { given.dilations = architecture.dilations }
    if witnesses.isOption("first_dilations") { given.firstDilations = architecture.firstDilations }
    if witnesses.isOption("bn_eps") { given.epsilon = architecture.epsilon }
    if witnesses.isOption("channel_order"), case .text(let order) = file.metadata("pre.channels") {
      given.channels = ChannelOrder(rawValue: order)
    }
    conventions = given
  }

  /// Names of the conventions that are set, as in metadata.
  var givenConventions: [String] {
    let names: [(String, Bool)] = [
      ("stem", conventions.stem != nil), ("pool", conventions.pool != nil),
      ("strides", conventions.strides != nil), ("stride_on", conventions.strideOn != nil),
      ("dilations", conventions.dilations != nil), ("first_dilations", conventions.firstDilations != nil),
      ("bn_eps", conventions.epsilon != nil), ("channel_order", conventions.channels != nil),
      ("head", head != .auto),
    ]
    return names.filter(\.1).map(\.0)
  }
}
