internal import ResNetArchitecture
internal import SWTBytes
internal import SWTTensorFiles
internal import SWTTensors

/// The network to which imported arrays belong.
struct ImportTarget {
  let architecture: Architecture
  /// Whether the number of classes is taken from the output.
  let classesOfOutput: Bool
  /// Whether heights and widths of maps may be others, as another stride makes them.
  let sizesAreOpen: Bool
}

/// An input and an output written by another program, not yet checked against a network.
struct ImportedGolden {
  let name: String
  /// `.npz`, `ONNX test data` …
  let form: String
  let input: TensorData
  let output: TensorData
  /// Outputs of layers in the same file.
  var taps: [(name: String, data: TensorData)] = []

  /// The golden of the target network.
  ///
  /// - Throws: ``GoldenFailure`` if input or output do not fit the network.
  func golden(for target: ImportTarget) throws(GoldenFailure) -> Golden {
    var architecture = target.architecture
    if target.classesOfOutput, architecture.hasHead, self.output.shape.count <= 2 {
      architecture.classCount = self.output.shape.last
    }
    let isSingle = input.shape.count == 3 && input.shape.first == architecture.inputChannels
    let input = try float32(self.input, "the input", batched: isSingle)
    let output = try reference(batched: isSingle && self.output.shape.count == 1)
    let outputName = LayerTree(architecture).outputName
    let suffix = output.type == .float64 ? "f64" : "f32"
    var metadata = OrderedStrings([
      ("pth2swt.golden", "1"), ("name", name), ("kind", "imported"), ("producer", "imported from \(form)"),
    ])
    for (key, value) in architecture.goldenMetadata { metadata[key] = value }
    metadata["preprocess"] = "unknown"
    metadata["output"] = outputName
    var tensors = [
      Golden.Stored(name: "\(outputName)_\(suffix)", output), Golden.Stored(name: "input", input),
    ]
    for tap in taps {
      tensors.append(Golden.Stored(name: "tap.\(tap.name)", try float32(tap.data, tap.name)))
    }
    return try Golden(metadata: metadata, tensors: tensors, sizesAreOpen: target.sizesAreOpen)
  }

  /// Real numbers as float32, rounded once; `batched` adds a leading batch axis.
  private func float32(
    _ data: TensorData, _ what: String, batched: Bool = false
  ) throws(GoldenFailure) -> TensorData {
    do throws(ParseFailure) {
      return TensorData(shape: (batched ? [1] : []) + data.shape, floats: try data.floats())
    } catch {
      throw .unsupported("\(what) is \(data.type.rawValue): \(error)")
    }
  }

  /// The output as float64 or float32; narrower types are too coarse to judge float32 results.
  private func reference(batched: Bool) throws(GoldenFailure) -> TensorData {
    guard output.type == .float32 || output.type == .float64 else {
      throw .unsupported(
        "the output is \(output.type.rawValue), too coarse to judge float32; save it as float32 or float64")
    }
    let values: [Double]
    let reference: TensorData
    do throws(ParseFailure) {
      values = try output.doubles()
      reference = try TensorData(
        type: output.type, shape: (batched ? [1] : []) + output.shape, bytes: output.bytes)
    } catch {
      throw .damaged(error)
    }
    guard !Self.areProbabilities(values, shape: output.shape) else {
      throw .unsupported("the output is probabilities; save the logits, before softmax")
    }
    return reference
  }

  /// Whether every row has two or more values, none negative, that add up to one.
  private static func areProbabilities(_ values: [Double], shape: [Int]) -> Bool {
    guard shape.count <= 2, let classes = shape.last, classes > 1, !values.isEmpty else { return false }
    guard values.allSatisfy({ $0 >= 0 }) else { return false }
    return stride(from: 0, to: values.count, by: classes).allSatisfy { start in
      abs(values[start..<min(start + classes, values.count)].reduce(0, +) - 1) < 1e-4
    }
  }

  /// The last component of a path, without its extension.
  static func name(_ path: String) -> String {
    let last = path.split(separator: "/").last.map(String.init) ?? path
    guard let dot = last.lastIndex(of: "."), dot != last.startIndex else { return last }
    return String(last[..<dot])
  }

  /// A golden from two `.npy` files.
  static func npyPair(
    _ path: String, _ input: any ByteSource, _ outputPath: String, limits: ParseLimits
  ) throws(GoldenFailure) -> ImportedGolden {
    do throws(ParseFailure) {
      let data = try NpyFile.read(input, limits: limits)
      return ImportedGolden(
        name: name(path), form: "a pair of .npy files", input: data,
        output: try npyOutput(outputPath, of: path, limits: limits))
    } catch {
      throw .damaged(error)
    }
  }

  private static func npyOutput(
    _ path: String, of input: String, limits: ParseLimits
  ) throws(ParseFailure) -> TensorData {
    do throws(ParseFailure) {
      let source = try FileSource(path: path)
      guard NpyFile.recognizes(source) else { throw ParseFailure(.invalid("not an .npy file")) }
      return try NpyFile.read(source, limits: limits)
    } catch {
      throw error.inside("\(path), the output of \(input)")
    }
  }
}

extension Architecture {
  /// The metadata of a golden for this architecture.
  package var goldenMetadata: [(String, String)] {
    var pairs = [
      ("arch.block", block.rawValue), ("arch.layers", layers.map(String.init).joined(separator: ",")),
      ("arch.groups", "\(groups)"), ("arch.width_per_group", "\(widthPerGroup)"),
      ("arch.base_planes", "\(basePlanes)"), ("arch.stem_channels", "\(stemChannels)"),
      ("arch.bn_eps", "\(epsilon)"), ("arch.head", hasHead ? "fc" : "none"),
    ]
    if inputChannels != 3 { pairs.append(("arch.in_channels", "\(inputChannels)")) }
    if let classCount { pairs.append(("arch.num_classes", "\(classCount)")) }
    for (key, value) in switches {
      switch value {
      case .text(let text): pairs.append((key, text))
      case .integers(let numbers): pairs.append((key, numbers.map(String.init).joined(separator: ",")))
      }
    }
    return pairs
  }
}
