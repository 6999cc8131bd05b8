internal import ResNetArchitecture
internal import ResNetModel
internal import SWT
internal import SWTBytes
internal import SWTTensorFiles

extension ConversionOptions {
  /// The options that a weight file says it was made with: how all of its tensors are folded, cast or
  /// quantized, and the conventions that the user had to give because no checkpoint has them.
  ///
  /// A statement selects one conversion for the whole file. It never selects which tensors are compared.
  init(statedBy file: SWTFile, limits: ParseLimits) {
    self.init()
    self.limits = limits
    // Then every tensor of the source must be there as it is.
    if SWTArchitecture.read(file) == nil { architecture = .none }
    if architecture == .none, case .text(let text) = file.metadata(ConversionPart.key) {
      part = ConversionPart(text)
    }
    foldsBatchNorm = file.metadata("arch.bn") == .text("folded")
    dequantizes = file.metadata("convert.dequantized") == .bool(true)
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

extension ConversionOptions {
  /// Takes over what a weight file says was given by the user, or settled by a golden.
  mutating func takeConventions(statedBy file: SWTFile) {
    guard let architecture = SWTArchitecture.read(file),
      case .json(let text) = file.metadata("source.conventions"),
      let witnesses = try? JSONValue.parse(Array(text.utf8))
    else { return }
    func isGiven(_ name: String) -> Bool { witnesses[name]?.string == Witness.option.description }
    let all = Conventions(stated: architecture)
    if isGiven("stem") { conventions.stem = all.stem }
    if isGiven("pool") { (conventions.pool, conventions.antialiasing) = (all.pool, all.antialiasing) }
    if isGiven("strides") { conventions.strides = all.strides }
    if isGiven("stride_on"), architecture.block == .bottleneck { conventions.strideOn = all.strideOn }
    if isGiven("dilations") { conventions.dilations = all.dilations }
    if isGiven("first_dilations") { conventions.firstDilations = all.firstDilations }
    if isGiven("bn_eps") { (conventions.epsilon, conventions.epsilons) = (all.epsilon, all.epsilons) }
    if isGiven("channel_order"), case .text(let order) = file.metadata("pre.channels") {
      conventions.channels = ChannelOrder(rawValue: order)
    }
    if isGiven("head") {
      if !architecture.hasHead {
        head = .none
      } else if case .text(let name) = file.metadata("source.head") {
        head = .key(name)
      } else {
        head = .key("fc")
      }
    }
    let members = witnesses.members ?? []
    let assumed = members.filter { $0.value.string == Witness.assumed.description }.map(\.key)
    for member in members {
      guard let witness = member.value.string, witness.hasPrefix("golden ") else { continue }
      settled = .init(
        name: String(witness.dropFirst("golden ".count)), architecture: architecture,
        undetermined: Set(assumed))
    }
  }
}
