// Arguments that programs record beside a state dict, as far as they state conventions.

extension Conventions {
  /// What arguments of known programs say.
  ///
  /// - Parameters:
  ///   - arguments: Plain values by path: `args.dilation`, `hyper_parameters.model.bn_eps`.
  ///   - prefix: The prefix of the network's tensors.
  ///   - shape: The network that shapes describe.
  /// - Throws: ``ReadingFailure`` for a statement that the layer tree cannot express.
  ///
  /// Sources: facebookresearch/detr, models/backbone.py (`replace_stride_with_dilation=[False, False,
  /// dilation]`); mmseg/models/backbones/resnet.py (`dilations`, `strides`, `contract_dilation`, `style`);
  /// torchvision/models/resnet.py (`replace_stride_with_dilation`); timm/models/resnet.py (`output_stride`)
  /// and train.py (`model`, `bn_eps`, `bn_tf`, `gp`); the re-identification baselines (`last_stride`).
  mutating func add(
    _ arguments: [String: ModuleFacts.Value], prefix: String, _ shape: Architecture
  ) throws(ReadingFailure) {
    guard !arguments.isEmpty else { return }
    let record = ArgumentRecord(arguments)
    if epsilon == nil {
      epsilon = record.number("bn_eps").flatMap { (0..<1).contains($0) ? $0 : nil }
      // timm's former name for TensorFlow's default.
      if epsilon == nil, record.value("bn_tf") == .bool(true) { epsilon = 1e-3 }
    }
    if finalPool == nil, shape.hasHead, let text = record.text("gp") ?? record.text("global_pool") {
      switch text {
      case "avg", "fast", "fastavg": finalPool = .average
      case "max", "fastmax": finalPool = .maximum
      case "avgmax", "fastavgmax", "catavgmax", "fastcatavgmax":
        throw ReadingFailure(
          "the file's arguments state the pooling '\(text)' before the classifier, which the layer tree "
            + "cannot express", .anyStateDict)
      default: break
      }
    }
    addNetwork(record, shape)
    guard shape.layers.count == 4 else { return }
    addStages(record, prefix)
    addConfiguration(record)
  }

  /// The parts of a published network's name that shapes do not show: `resnetaa50d`.
  private mutating func addNetwork(_ record: ArgumentRecord, _ shape: Architecture) {
    for key in ["arch", "model", "model_name", "backbone", "encoder_name", "encoder"] {
      // timm's names have tags: `resnetaa50d.sw_in12k`.
      guard let name = record.text(key)?.split(separator: ".").first,
        var named = Architecture.published.first(where: { $0.name == name })?.architecture
      else { continue }
      (named.classCount, named.headHasBias) = (shape.classCount, shape.headHasBias)
      (named.inputChannels, named.epsilon) = (shape.inputChannels, shape.epsilon)
      guard named.visible.hasSameBody(as: shape.visible) else { continue }
      add(namedAs: named)
      return
    }
  }

  private mutating func addStages(_ record: ArgumentRecord, _ prefix: String) {
    guard dilations == nil else { return }
    if prefix.hasSuffix("backbone.0.body."), case .bool(let isDilated)? = record.value("dilation") {
      if strides == nil { add(replacingStrides: [false, false, isDilated]) }
    }
    if strides == nil, case .list(let list)? = record.value("replace_stride_with_dilation") {
      let flags = list.compactMap { if case .bool(let flag) = $0 { flag } else { nil } }
      if flags.count == 3, list.count == 3 { add(replacingStrides: flags) }
    }
    // Beside a decoder, the number may be the whole network's.
    let isEncoder = prefix.hasSuffix("encoder.") || prefix.hasSuffix("backbone.")
    let flags: [Int: [Bool]] = [
      32: [false, false, false], 16: [false, false, true], 8: [false, true, true],
    ]
    if strides == nil, !isEncoder, let flags = record.integer("output_stride").flatMap({ flags[$0] }) {
      add(replacingStrides: flags)
    }
    if strides == nil, prefix.hasSuffix("encoder."),
      let flags = record.integer("encoder_output_stride").flatMap({ flags[$0] })
    {
      add(replacingStrides: flags)
      (contractsDilation, firstDilations) = (false, dilations)
    }
    if strides == nil, let last = record.integer("last_stride"), last == 1 || last == 2 {
      strides = [1, 2, 2, last]
    }
  }

  /// torchvision's way: a stage's stride becomes dilation, from its second block on.
  private mutating func add(replacingStrides flags: [Bool]) {
    var (dilation, list, steps) = (1, [1], [1])
    for flag in flags {
      if flag { dilation *= 2 }
      list.append(dilation)
      steps.append(flag ? 1 : 2)
    }
    (dilations, strides, contractsDilation) = (list, steps, true)
  }

  private mutating func addConfiguration(_ record: ArgumentRecord) {
    guard case .text(let text)? = record.all["meta.config"], let backbone = MMConfig.backbone(text),
      MMConfig.word(backbone, "type")?.hasPrefix("'ResNe") == true
    else { return }
    if strides == nil { strides = MMConfig.numbers(backbone, "strides", count: 4) ?? [1, 2, 2, 2] }
    if dilations == nil { dilations = MMConfig.numbers(backbone, "dilations", count: 4) ?? [1, 1, 1, 1] }
    contractsDilation = MMConfig.word(backbone, "contract_dilation") == "True"
    if strideOn == nil { strideOn = MMConfig.word(backbone, "style") == "'caffe'" ? .conv1 : .conv2 }
  }
}

/// Arguments by their last name.
private struct ArgumentRecord {
  let all: [String: ModuleFacts.Value]
  private let byName: [Substring: [ModuleFacts.Value]]

  init(_ arguments: [String: ModuleFacts.Value]) {
    all = arguments
    byName = Dictionary(
      arguments.map { path, value in
        (path.split(separator: ".").last ?? "", [value])
      }, uniquingKeysWith: +)
  }

  /// The value of that name; nil if there is none, or if several differ. `None` is a default, no statement.
  func value(_ name: String) -> ModuleFacts.Value? {
    let values = Set(byName[name[...]] ?? []).subtracting([.none])
    return values.count == 1 ? values.first : nil
  }

  func text(_ name: String) -> String? {
    if case .text(let text)? = value(name) { text } else { nil }
  }

  func integer(_ name: String) -> Int? {
    if case .int(let value)? = value(name) { value } else { nil }
  }

  func number(_ name: String) -> Double? {
    switch value(name) {
    case .float(let value)?: value
    case .int(let value)?: Double(value)
    default: nil
    }
  }
}

/// OpenMMLab's configurations, which are Python as text: only `backbone=dict(…)` with literal values is read.
enum MMConfig {
  /// The text between the parentheses of `backbone=dict(…)`; nil if there is none.
  static func backbone(_ text: String) -> Substring? {
    guard let start = text.ranges(of: "backbone=dict(").first?.upperBound else { return nil }
    var depth = 1
    for index in text[start...].indices.prefix(4096) {
      if text[index] == "(" { depth += 1 }
      if text[index] == ")" { depth -= 1 }
      if depth == 0 { return text[start..<index] }
    }
    return nil
  }

  /// `dilations=(1, 1, 2, 4)`.
  static func numbers(_ text: Substring, _ name: String, count: Int) -> [Int]? {
    guard let rest = value(text, name), let end = rest.firstIndex(of: ")") else { return nil }
    let numbers = rest[..<end].dropFirst().split(separator: ",").compactMap { part in
      Int(part.filter { $0.isNumber })
    }
    return numbers.count == count && numbers.allSatisfy { (1...64).contains($0) } ? numbers : nil
  }

  /// `style='pytorch'`.
  static func word(_ text: Substring, _ name: String) -> Substring? {
    value(text, name)?.prefix { $0 != "," && $0 != "\n" && $0 != ")" }
  }

  private static func value(_ text: Substring, _ name: String) -> Substring? {
    guard
      let range = text.ranges(of: name + "=").first(where: { range in
        range.lowerBound == text.startIndex
          || !text[text.index(before: range.lowerBound)].isLetter
            && text[text.index(before: range.lowerBound)] != "_"
      })
    else { return nil }
    return text[range.upperBound...]
  }
}
