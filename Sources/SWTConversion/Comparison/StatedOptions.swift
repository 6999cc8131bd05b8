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
    // Then every tensor of the source must be there as it is.
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

extension Conventions {
  /// The conventions that a weight file says were given by the user, or settled by a golden.
  init(statedBy file: SWTFile) {
    self.init()
    guard let architecture = SWTArchitecture.read(file),
      case .json(let text) = file.metadata("source.conventions"),
      let sources = try? JSONValue.parse(Array(text.utf8))
    else { return }
    func isGiven(_ name: String) -> Bool { sources[name]?.string == ConventionSource.option.description }
    if isGiven("bn_eps") { epsilon = architecture.epsilon }
    if isGiven("dilations") { dilations = architecture.dilations }
    if isGiven("stride_on") { strideOn = architecture.strideOn }
    if isGiven("channels"), case .text(let order) = file.metadata("pre.channels") {
      channels = ChannelOrder(rawValue: order)
    }
  }

  /// Names of the conventions that are set, as in metadata.
  var names: [String] {
    [
      epsilon.map { _ in "bn_eps" }, channels.map { _ in "channels" }, dilations.map { _ in "dilations" },
      strideOn.map { _ in "stride_on" },
    ].compactMap(\.self)
  }
}
