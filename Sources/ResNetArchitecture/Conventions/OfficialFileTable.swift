// Written by Tools/fixtures/make_official_files.py: do not edit by hand.

extension OfficialFile {
  /// One file per line: name with digits, network, size, resize, interpolation, MiB (or -), remark.
  /// A size of 0 means no fixed image size.
  /// From torchvision 0.28.0 and timm 1.0.31.
  static let table = """
    resnet101-63fe2227 resnet101 224 256 bilinear 170.511
    resnet101-cd907fc2 resnet101 224 232 bilinear 170.530
    resnet152-394f9c45 resnet152 224 256 bilinear 230.434
    resnet152-f82ba261 resnet152 224 232 bilinear 230.474
    resnet18-f37072fd resnet18 224 256 bilinear 44.661
    resnet34-b627a593 resnet34 224 256 bilinear 83.275
    resnet50-0676ba61 resnet50 224 256 bilinear 97.781
    resnet50-11ad3fa6 resnet50 224 232 bilinear 97.790
    resnext101_32x8d-8ba56ff5 resnext101_32x8d 224 256 bilinear 339.586
    resnext101_32x8d-110c445d resnext101_32x8d 224 232 bilinear 339.673
    resnext101_64x4d-173b62eb resnext101_64x4d 224 232 bilinear 319.318
    resnext50_32x4d-7cdf4587 resnext50_32x4d 224 256 bilinear 95.789
    resnext50_32x4d-1a0047aa resnext50_32x4d 224 232 bilinear 95.833
    wide_resnet101_2-32ee1156 wide_resnet101_2 224 256 bilinear 242.896
    wide_resnet101_2-d733dc28 wide_resnet101_2 224 232 bilinear 484.747
    wide_resnet50_2-95faca4d wide_resnet50_2 224 256 bilinear 131.820
    wide_resnet50_2-9ba9bcbe wide_resnet50_2 224 232 bilinear 263.124
    resnet18-5c106cde resnet18 224 256 bilinear -
    resnet34-333f7ec4 resnet34 224 256 bilinear -
    resnet50-19c8e357 resnet50 224 256 bilinear -
    resnet101-5d3b4d8f resnet101 224 256 bilinear -
    resnet152-b121ed2d resnet152 224 256 bilinear -
    resnext101_32x4d-29e315fa resnext101_32x4d 224 256 bilinear -
    resnext101_64x4d-e77a0586 resnext101_64x4d 224 256 bilinear -
    resnet20-12fca82f resnet20 32 32 bilinear -
    resnet44-014dd654 resnet44 32 32 bilinear -
    resnet10t_176_c3-f3215ab1 resnet10t 224 235 bicubic -
    resnet14t_176_c3-c4ed2c37 resnet14t 224 235 bicubic -
    resnet18_a1_0-d63eafa0 resnet18 288 288 bicubic -
    resnet18_a2_0-b61bd467 resnet18 288 288 bicubic -
    resnet18_a3_0-40c531c8 resnet18 224 235 bicubic -
    semi_supervised_resnet18-d92f0530 resnet18 224 256 bilinear - cc-by-nc
    semi_weakly_supervised_resnet18-118f1556 resnet18 224 256 bilinear - cc-by-nc
    gluon_resnet18_v1b-0757602b resnet18 224 256 bicubic -
    resnet18d_ra2-48a79e06 resnet18d 288 303 bicubic -
    resnet34_a1_0-46f8f793 resnet34 288 288 bicubic -
    resnet34_a2_0-82d47d71 resnet34 288 288 bicubic -
    resnet34_a3_0-a20cabb6 resnet34 224 235 bicubic -
    resnet34-43635321 resnet34 288 303 bicubic -
    gluon_resnet34_v1b-c6d82d59 resnet34 224 256 bicubic -
    resnet34d_ra2-f8dcfcaf resnet34d 288 303 bicubic -
    resnet26-9aa10e23 resnet26 288 303 bicubic -
    resnet26d-69e92c46 resnet26d 288 303 bicubic -
    resnet26t_256_ra2-6f6fa748 resnet26t 320 320 bicubic -
    resnet50_a1_0-14fe96d1 resnet50 288 288 bicubic -
    resnet50_a1h2_176-001a1197 resnet50 224 224 bicubic -
    resnet50_a2_0-a2746f79 resnet50 288 288 bicubic -
    resnet50_a3_0-59cae1ef resnet50 224 235 bicubic -
    resnet50_b1k-532a802a resnet50 288 288 bicubic -
    resnet50_b2k-1ba180c1 resnet50 288 288 bicubic -
    resnet50_c1-5ba5e060 resnet50 288 288 bicubic -
    resnet50_c2-d01e05b2 resnet50 288 288 bicubic -
    resnet50_d-f39db8af resnet50 288 288 bicubic -
    resnet50_ram-a26f946b resnet50 288 303 bicubic -
    resnet50_am-6c502b37 resnet50 224 256 bicubic -
    resnet50_ra-85ebb6e5 resnet50 288 303 bicubic -
    rw_resnet50-86acaeed resnet50 288 303 bicubic -
    semi_supervised_resnet50-08389792 resnet50 224 256 bilinear - cc-by-nc
    semi_weakly_supervised_resnet50-16a12f1b resnet50 224 256 bilinear - cc-by-nc
    gluon_resnet50_v1b-0ebe02e2 resnet50 224 256 bicubic -
    resnet50d_ra2-464e36ba resnet50d 288 303 bicubic -
    resnet50d_a1_0-e20cff14 resnet50d 288 288 bicubic -
    resnet50d_a2_0-a3adc64d resnet50d 288 288 bicubic -
    resnet50d_a3_0-403fdfad resnet50d 224 235 bicubic -
    gluon_resnet50_v1d-818a1b1b resnet50d 224 256 bicubic -
    resnet101_a1h-36d3f2aa resnet101 288 288 bicubic -
    resnet101_a1_0-cdcb52a9 resnet101 288 288 bicubic -
    resnet101_a2_0-6edb36c7 resnet101 288 288 bicubic -
    resnet101_a3_0-1db14157 resnet101 224 235 bicubic -
    gluon_resnet101_v1b-3b017079 resnet101 224 256 bicubic -
    resnet101d_ra2-2803ffab resnet101d 320 320 bicubic -
    gluon_resnet101_v1d-0f9c8644 resnet101d 224 256 bicubic -
    resnet152_a1h-dc400468 resnet152 288 288 bicubic -
    resnet152_a1_0-2eee8a7a resnet152 288 288 bicubic -
    resnet152_a2_0-b4c6978f resnet152 288 288 bicubic -
    resnet152_a3_0-134d4688 resnet152 224 235 bicubic -
    gluon_resnet152_v1b-c1edb0dd resnet152 224 256 bicubic -
    resnet152d_ra2-5cac0439 resnet152d 320 320 bicubic -
    gluon_resnet152_v1d-bd354e12 resnet152d 224 256 bicubic -
    resnet200d_ra2-bdba9bf9 resnet200d 320 320 bicubic -
    wide_resnet50_racm-8234f177 wide_resnet50_2 288 303 bicubic -
    resnext50_32x4d_a1h-0146ab0a resnext50_32x4d 288 288 bicubic -
    resnext50_32x4d_a1_0-b5a91a1d resnext50_32x4d 288 288 bicubic -
    resnext50_32x4d_a2_0-efc76add resnext50_32x4d 288 288 bicubic -
    resnext50_32x4d_a3_0-3e450271 resnext50_32x4d 224 235 bicubic -
    resnext50_32x4d_ra-d733960d resnext50_32x4d 288 303 bicubic -
    semi_supervised_resnext50_32x4-ddb3e555 resnext50_32x4d 224 256 bilinear - cc-by-nc
    semi_weakly_supervised_resnext50_32x4-72679e44 resnext50_32x4d 224 256 bilinear - cc-by-nc
    gluon_resnext50_32x4d-e6a097c1 resnext50_32x4d 224 256 bicubic -
    resnext50d_32x4d-103e99f8 resnext50d_32x4d 288 303 bicubic -
    semi_supervised_resnext101_32x4-dc43570a resnext101_32x4d 224 256 bilinear - cc-by-nc
    semi_weakly_supervised_resnext101_32x4-3f87e46b resnext101_32x4d 224 256 bilinear - cc-by-nc
    gluon_resnext101_32x4d-b253c8c4 resnext101_32x4d 224 256 bicubic -
    resnext101_64x4d_c-0d0e0cc0 resnext101_64x4d 288 288 bicubic -
    gluon_resnext101_64x4d-f9a8e184 resnext101_64x4d 224 256 bicubic -
    ig_resnext101_32x8-c38310e5 resnext101_32x8d 224 256 bilinear - cc-by-nc
    semi_supervised_resnext101_32x8-2cfe2f8b resnext101_32x8d 224 256 bilinear - cc-by-nc
    semi_weakly_supervised_resnext101_32x8-b4712904 resnext101_32x8d 224 256 bilinear - cc-by-nc
    ig_resnext101_32x16-c6f796b0 resnext101_32x16d 224 256 bilinear - cc-by-nc
    semi_supervised_resnext101_32x16-15fffa57 resnext101_32x16d 224 256 bilinear - cc-by-nc
    semi_weakly_supervised_resnext101_32x16-f3559a9c resnext101_32x16d 224 256 bilinear - cc-by-nc
    ig_resnext101_32x32-e4b90b00 resnext101_32x32d 224 256 bilinear - cc-by-nc
    ig_resnext101_32x48-3e41cc8a resnext101_32x48d 224 256 bilinear - cc-by-nc
    ecaresnet26t_ra2-46609757 ecaresnet26t 320 336 bicubic -
    ecaresnetlight-75a9c627 ecaresnetlight 288 303 bicubic -
    ecaresnet50d-93c81e3b ecaresnet50d 288 303 bicubic -
    ecaresnet50t_ra2-f7ac63c4 ecaresnet50t 320 336 bicubic -
    ecaresnet50t_a1_0-99bd76a8 ecaresnet50t 288 288 bicubic -
    ecaresnet50t_a2_0-b1c7b745 ecaresnet50t 288 288 bicubic -
    ecaresnet50t_a3_0-8cc311f1 ecaresnet50t 224 235 bicubic -
    ecaresnet101d-153dad65 ecaresnet101d 288 303 bicubic -
    ecaresnet269d_320_ra2-7baa55cb ecaresnet269d 352 352 bicubic -
    seresnet50_a1_0-ffa00869 seresnet50 288 288 bicubic -
    seresnet50_a2_0-850de0d9 seresnet50 288 288 bicubic -
    seresnet50_a3_0-317ecd56 seresnet50 224 235 bicubic -
    seresnet50_ra_224-8efdb4bb seresnet50 288 303 bicubic -
    seresnet152d_ra2-04464dd2 seresnet152d 320 320 bicubic -
    seresnext26d_32x4d-80fa48a3 seresnext26d_32x4d 288 303 bicubic -
    seresnext26tn_32x4d-569cb627 seresnext26t_32x4d 288 303 bicubic -
    seresnext50_32x4d_racm-a304a460 seresnext50_32x4d 288 303 bicubic -
    gluon_seresnext50_32x4d-90cf2d6e seresnext50_32x4d 224 256 bicubic -
    gluon_seresnext101_32x4d-cf52900d seresnext101_32x4d 224 256 bicubic -
    seresnext101_32x8d_ah-e6bc4c0a seresnext101_32x8d 288 288 bicubic -
    seresnext101d_32x8d_ah-191d7b94 seresnext101d_32x8d 288 288 bicubic -
    seresnextaa101d_32x8d_ah-83c8ae12 seresnextaa101d_32x8d 288 288 bicubic - antialiased
    resnetblur50-84f4748f resnetblur50 288 303 bicubic - antialiased
    resnetaa50_a1h-4cf422b3 resnetaa50 288 288 bicubic - antialiased
    gluon_resnet50_v1c-48092f55 resnet50c 224 256 bicubic -
    gluon_resnet101_v1c-1f26822a resnet101c 224 256 bicubic -
    gluon_resnet152_v1c-a3bb0b98 resnet152c 224 256 bicubic -
    gluon_resnet50_v1s-1762acc0 resnet50s 224 256 bicubic -
    gluon_resnet101_v1s-60fe0cc1 resnet101s 224 256 bicubic -
    gluon_resnet152_v1s-dcc41b81 resnet152s 224 256 bicubic -
    gluon_seresnext101_64x4d-f9926f93 seresnext101_64x4d 224 256 bicubic -
    fasterrcnn_resnet50_fpn_coco-258fb6c6 resnet50 0 0 - 159.743 eps0
    fasterrcnn_resnet50_fpn_v2_coco-dd69338a resnet50 0 0 - 167.104
    fcos_resnet50_fpn_coco-99b0c9b7 resnet50 0 0 - 123.608
    keypointrcnn_resnet50_fpn_coco-9f466800 resnet50 0 0 - 226.054
    keypointrcnn_resnet50_fpn_coco-fc266e95 resnet50 0 0 - 226.054 eps0
    maskrcnn_resnet50_fpn_coco-bf2d0c1e resnet50 0 0 - 169.840 eps0
    maskrcnn_resnet50_fpn_v2_coco-73cbd019 resnet50 0 0 - 177.219
    retinanet_resnet50_fpn_coco-eeacb38b resnet50 0 0 - 130.267 eps0
    retinanet_resnet50_fpn_v2_coco-5905b1c5 resnet50 0 0 - 146.037
    deeplabv3_resnet101_coco-586e9e4e resnet101 0 0 - 233.217
    deeplabv3_resnet50_coco-cd0a2569 resnet50 0 0 - 160.515
    fcn_resnet101_coco-7ecb50ca resnet101 0 0 - 207.711
    fcn_resnet50_coco-1167a1af resnet50 0 0 - 135.009
    """
}
