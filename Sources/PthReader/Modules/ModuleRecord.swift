/// A module of a network as a file describes it: inert data, of which nothing was executed.
///
/// Pickled modules state their attributes; TorchScript states some in attributes and the rest in code; `.pt2`
/// archives state them as arguments of a graph's nodes.
package struct ModuleRecord: Sendable {
  /// Path of the module in the names of tensors, wrappers of the file included: `model.layer1.0.conv1`.
  package let name: String
  /// Qualified name of its class, without TorchScript's `__torch__` and mangling:
  /// `torch.nn.modules.conv.Conv2d`.
  package let type: String
  /// Plain attributes by name: numbers, texts, and tuples of these.
  package internal(set) var attributes: [String: ModuleValue]
  /// Names of the operators that its own code calls, without `torch.`; empty for a pickled module, whose code
  /// is
  /// not in the file.
  package internal(set) var calls: [String] = []

  init(name: String, type: String, attributes: [String: ModuleValue] = [:]) {
    self.name = name
    self.type = type
    self.attributes = attributes
  }
}

/// The value of an attribute.
package enum ModuleValue: Hashable, Sendable {
  case none
  case bool(Bool)
  case int(Int)
  case float(Double)
  case text(String)
  case list([ModuleValue])
  /// Anything else.
  case other

  /// Longest list and text that are kept; attributes that describe a layer are shorter.
  static let longestList = 16
  static let longestText = 64
}

extension ModuleRecord {
  /// Adds what a call of an operator says about the layer; attributes that exist stay.
  ///
  /// Source: aten/src/ATen/native/native_functions.yaml.
  mutating func add(call function: String, _ arguments: [ModuleValue]) {
    if calls.count < 64 { calls.append(function) }
    guard let names = Self.parameters[function] else { return }
    for (name, value) in zip(names, arguments) {
      guard let name, value != .other, attributes[name] == nil else { continue }
      attributes[name] = value
    }
  }

  /// The attributes that positional arguments are, by operator.
  private static let parameters: [String: [String?]] = [
    "conv2d": [nil, nil, nil, "stride", "padding", "dilation", "groups"],
    "_convolution": [nil, nil, nil, "stride", "padding", "dilation", "transposed", nil, "groups"],
    "convolution": [nil, nil, nil, "stride", "padding", "dilation", "transposed", nil, "groups"],
    "batch_norm": [nil, nil, nil, nil, nil, "is_training", nil, "eps"],
    "_native_batch_norm_legit_no_training": [nil, nil, nil, nil, nil, nil, "eps"],
    "max_pool2d": [nil, "kernel_size", "stride", "padding", "dilation", "ceil_mode"],
    "max_pool2d_with_indices": [nil, "kernel_size", "stride", "padding", "dilation", "ceil_mode"],
    "avg_pool2d": [
      nil, "kernel_size", "stride", "padding", "ceil_mode", "count_include_pad", "divisor_override",
    ],
    "functional.batch_norm": [nil, nil, nil, nil, nil, nil, nil, "eps"],
    "functional._max_pool2d": [nil, "kernel_size", "stride", "padding", "dilation", "ceil_mode"],
    "functional.adaptive_avg_pool2d": [nil, "output_size"],
    "functional.adaptive_max_pool2d": [nil, "output_size"],
    "adaptive_avg_pool2d": [nil, "output_size"], "adaptive_max_pool2d": [nil, "output_size"],
  ]

  /// The same for arguments by name, with the names of `native_functions.yaml`.
  mutating func add(call function: String, named arguments: [String: ModuleValue]) {
    if calls.count < 64 { calls.append(function) }
    guard let names = Self.parameters[function] else { return }
    for case let name? in names where attributes[name] == nil {
      let key = name == "is_training" ? "training" : name
      if let value = arguments[key] { attributes[name] = value }
    }
  }
}
