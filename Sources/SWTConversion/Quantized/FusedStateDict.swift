internal import PthReader
internal import SWTBytes

/// The tensors of a float32 network whose layers were fused for quantization and then not quantized: BatchNorm is
/// folded, and a convolution with a ReLU is the first module of a pair, `layer1.0.conv1.0.weight`.
///
/// torchvision's `quantize=True` returns such a network for a backend that it has no configuration for, x86 and
/// onednn among them, without a warning.
///
/// Source: torchvision/models/quantization/utils.py (`quantize_model`), resnet.py (`fuse_model`).
struct FusedStateDict {
  /// Every tensor, under the names of a network that was not fused.
  let tensors: [TensorEntry]

  /// Nil if no convolution is fused with a ReLU, or a BatchNorm is left.
  init?(_ entries: [TensorEntry]) {
    // Nearly no file has such names, and a set of all of them takes time.
    guard entries.contains(where: { Self.plain($0.name) != nil }),
      !entries.contains(where: { $0.name.hasSuffix(".running_mean") })
    else { return nil }
    let names = Set(entries.map { ExactString($0.name) })
    var isFused = false
    tensors = entries.map { entry in
      guard let name = Self.plain(entry.name), !names.contains(ExactString(name)) else { return entry }
      if entry.shape.count == 4 { isFused = true }
      var entry = entry
      entry.name = name
      return entry
    }
    guard isFused else { return nil }
  }

  /// `layer1.0.conv1.weight` for `layer1.0.conv1.0.weight`.
  private static func plain(_ name: String) -> String? {
    for leaf in [".weight", ".bias"] where name.hasSuffix(".0" + leaf) {
      let module = name.dropLast(leaf.count + 2)
      let last = module.split(separator: ".", omittingEmptySubsequences: false).last ?? ""
      guard last.hasPrefix("conv"), last.utf8.count == 5, last.last?.isNumber == true else { return nil }
      return module + leaf
    }
    return nil
  }
}
