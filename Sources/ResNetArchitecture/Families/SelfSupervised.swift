extension KeyFamily {
  /// Contrastive learning: MoCo's two encoders, SimSiam's one.
  ///
  /// In place of a classifier there is a projection for training (`fc.weight` with 128 rows in MoCo v1,
  /// `fc.0` and `fc.2` in v2, more in SimSiam), which MoCo's and SimSiam's own evaluation drops. Of MoCo's
  /// encoders, it uses the trained one; the other is its running average.
  ///
  /// Sources: facebookresearch/moco, main_lincls.py and moco/builder.py; facebookresearch/moco-v3;
  /// facebookresearch/simsiam.
  static let moco = KeyFamily(
    name: "MoCo",
    landmarks: [Landmarks("conv1.weight", "layer1.0.conv1.weight")],
    enclosures: ["encoder_q", "encoder_k", "base_encoder", "momentum_encoder", "encoder"],
    companions: ["encoder_q.", "base_encoder.", "predictor."],
    meaning: { key in
      key.hasPrefix("fc.") ? .leftOut("a projection for training, not a classifier") : .leaf(key)
    },
    conventions: { _ in Conventions(channels: .rgb) })

  /// DINO's teacher and student; `head` is for training. DINO's own evaluation uses the teacher.
  ///
  /// Source: facebookresearch/dino, main_dino.py, utils.py and eval_linear.py (`--checkpoint_key teacher`).
  static let dino = KeyFamily(
    name: "DINO",
    landmarks: [Landmarks("conv1.weight", "layer1.0.conv1.weight")], enclosures: ["backbone"],
    companions: ["head.mlp.", "head.last_layer."], meaning: { .leaf($0) },
    conventions: { _ in Conventions(channels: .rgb) })
}
