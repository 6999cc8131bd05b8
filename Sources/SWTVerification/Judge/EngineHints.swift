/// Where engines switch off what a cause names.
enum EngineHints {
  private static let switches: [(engine: String, cause: String, hint: String)] = [
    (
      "openvino", "-weights",
      "OpenVINO stores weights in float16 by default: save_model(model, path, compress_to_fp16=False)"
    ),
    (
      "openvino", "16-",
      "OpenVINO chooses bfloat16 on processors that have it: set INFERENCE_PRECISION_HINT to f32, or "
        + "EXECUTION_MODE_HINT to ACCURACY"
    ),
    (
      "ncnn", "16-",
      "ncnn stores in float16 by default: set opt.use_fp16_packed, use_fp16_storage and "
        + "use_fp16_arithmetic to false"
    ),
    (
      "core", "16-", "Core ML converts to float16 by default: compute_precision=ct.precision.FLOAT32"
    ),
    ("tensorrt", "tf32-", "TensorRT uses TF32 by default: clear BuilderFlag.TF32"),
    ("tensorrt", "16-", "clear BuilderFlag.FP16 and BuilderFlag.BF16"),
    (
      "torch", "bf16-operands",
      "torch.backends.mkldnn.conv.fp32_precision and matmul.fp32_precision to \"ieee\", and no autocast"
    ),
    (
      "torch", "tf32-",
      "torch.backends.cudnn.allow_tf32 = False and torch.backends.cuda.matmul.allow_tf32 = False"
    ),
    ("torch", "16-", "leave out autocast, .half() and .bfloat16()"),
    ("torch", "bn-training", "call model.eval() before the forward pass"),
    ("jax", "16-", "jax.default_matmul_precision(\"highest\"), and arrays in float32"),
    ("mlx", "16-", "load the weights as float32"),
    ("tflite", "16-", "convert without supported_types = [tf.float16]"),
  ]

  /// What to change in an engine of that name for a cause; nil if unknown.
  static func hint(_ engine: String, _ cause: String) -> String? {
    let name = engine.lowercased().filter { $0 != " " && $0 != "-" }
    let known = switches.first { name.contains($0.engine) && cause.contains($0.cause) }
    if let known { return known.hint }
    return cause == "bn-training" ? "run the engine in inference mode" : nil
  }
}
