internal import ResNetArchitecture

extension LayerTree {
  /// Names of the 3×3 convolutions for which Winograd's form is the fastest, with AVX-512 as measured.
  ///
  /// Not those of 16 or fewer channels in a group: their products are too short for what the transforms cost.
  /// Not those of the last stage: it sees 7×7 pixels of an image of 224×224, four tiles, too few to be worth
  /// four times the weights.
  var winogradLayers: Set<String> {
    let early = blocks.filter { $0.stage + 1 < architecture.layers.count }.flatMap(\.body)
    let units = stem.units.dropFirst() + early
    return Set(
      units.filter { unit in
        let isDeep = unit.groups == 1 || unit.inputChannels / unit.groups > ChannelLayout.blockLanes
        return unit.kernel == 3 && unit.stride == 1 && unit.padding == 1 && isDeep
      }.map(\.name))
  }
}
