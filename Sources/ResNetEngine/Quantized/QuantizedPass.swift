internal import ResNetArchitecture

/// The layers to keep of a forward pass of integers.
struct QuantizedPass {
  let taps: Set<String>
  let images: Int
  /// Index of the image that is being computed.
  var image = 0
  private(set) var found: [String: FeatureMap<Float>] = [:]

  init(taps: Set<String>, images: Int) { (self.taps, self.images) = (taps, images) }

  /// Keeps a layer's output if it was requested, and returns it.
  mutating func keep(_ name: String, _ map: QuantizedMap, isVector: Bool = false) -> QuantizedMap {
    guard taps.contains(name), found[name].map({ $0.shape[0] <= image }) ?? true else { return map }
    var values = found[name]?.values ?? []
    map.append(to: &values)
    let shape =
      isVector ? [image + 1, map.channels] : [image + 1, map.channels, map.rows, map.width]
    found[name] = FeatureMap(shape: shape, values: values)
    return map
  }
}

extension QuantizedMap {
  /// One image of a map of integers in 0...255, `[N, C, h, w]` or `[N, C]`; other values are clamped.
  init(integers map: FeatureMap<Float>, image: Int, _ numbers: QuantizationNumbers) {
    let channels = map.shape.count > 1 ? map.shape[1] : 1
    let (rows, width) = map.shape.count == 4 ? (map.shape[2], map.shape[3]) : (1, 1)
    self.init(rows: rows, width: width, channels: channels, stride: (channels + 15) / 16 * 16, numbers)
    let start = image * channels * rows * width
    for channel in 0..<channels {
      for pixel in 0..<rows * width {
        let value = map.values[start + channel * rows * width + pixel]
        bytes[pixel * stride + channel] = value > 0 ? UInt8(min(value, 255)) : 0
      }
    }
  }
}

extension QuantizedNetwork {
  /// Scale and zero point of a tap's integers.
  package func numbers(ofTap name: String) -> QuantizationNumbers {
    let tap = tree.canonicalTap(name)
    if layers[tap] != nil || sums[tap] != nil { return numbers(of: tap) }
    // Pools keep those of their input; a stem of several convolutions has those of its last.
    return numbers(
      before: tree.tapNames.firstIndex(of: tap).map { place in
        tap == tree.stem.name && place + 1 < tree.tapNames.count ? tree.tapNames[place + 1] : tap
      } ?? tap)
  }

  /// Scale and zero point of a stage's input.
  func numbers(before stage: String) -> QuantizationNumbers {
    let names = tree.tapNames
    let place = names.firstIndex(of: stage) ?? 0
    let last = names[..<place].last { $0 != "avgpool" && $0 != tree.maxPool?.name }
    guard let last else { return input }
    return numbers(of: last == tree.stem.name ? tree.stem.units.last?.name ?? last : last)
  }
}
