internal import ResNetArchitecture
internal import ResNetEngine

/// The input of the reference differs from the golden's.
enum InputHypotheses {
  static var all: [Hypothesis] { [channelOrder] + normalizations + layouts }

  /// ImageNet's statistics, for values in 0…1 (torchvision).
  private static let mean: [Float] = [0.485, 0.456, 0.406]
  private static let std: [Float] = [0.229, 0.224, 0.225]
  /// Means of values in 0…255, in the order blue, green, red, as subtracted for Caffe's networks.
  private static let caffeMean: [Float] = [103.939, 116.779, 123.68]

  private static func input(
    _ id: String, _ text: String, channels: Int? = nil,
    _ change: @escaping @Sendable (FeatureMap<Float>) -> FeatureMap<Float>
  ) -> Hypothesis {
    Hypothesis(id: id, side: .input) { site in
      let own = site.tree.stem.inputChannels
      guard site.concerns(site.tree.stem.name), channels ?? own == own else { return [] }
      return [Hypothesis.Candidate(text: text, place: nil, change: WhatIf(input: change))]
    }
  }

  private static let channelOrder = input("bgr-input", "BGR instead of RGB input", channels: 3) {
    $0.reversedChannels()
  }

  /// `x` is the golden's input.
  private static let normalizations: [Hypothesis] = {
    let (mean, std, caffe) = (Self.mean, Self.std, Self.caffeMean)
    let steps: [(String, String, @Sendable (Int, Float) -> Float)] = [
      (
        "normalisation-doubled", "normalization by ImageNet's mean and standard deviation applied twice",
        { ($1 - mean[$0]) / std[$0] }
      ),
      (
        "normalisation-missing", "no normalization by ImageNet's mean and standard deviation",
        { $1 * std[$0] + mean[$0] }
      ),
      ("input-scaled", "input in 0…1 instead of 0…255", { $1 / 255 }),
      ("input-scaled", "input in 0…255 instead of 0…1", { $1 * 255 }),
      (
        "normalisation-missing", "no normalization, and values in 0…255",
        { ($1 * std[$0] + mean[$0]) * 255 }
      ),
      (
        "normalisation-missing",
        "normalization of bytes by ImageNet's mean and standard deviation, which the golden's input lacks",
        { ($1 / 255 - mean[$0]) / std[$0] }
      ),
      (
        "normalisation-other", "normalization to -1…1 instead of by ImageNet's mean and standard deviation",
        { ($1 * std[$0] + mean[$0]) * 2 - 1 }
      ),
      ("normalisation-std-missing", "no division by ImageNet's standard deviation", { $1 * std[$0] }),
      (
        "normalisation-caffe", "Caffe's means of bytes instead of ImageNet's mean and standard deviation",
        { ($1 * std[$0] + mean[$0]) * 255 - caffe[2 - $0] }
      ),
    ]
    return steps.flatMap { id, text, step in
      // ImageNet's statistics are of three channels.
      let channels = id == "input-scaled" ? nil : 3
      return [
        input(id, text, channels: channels) { $0.mapChannels(step) },
        input(id, "\(text), and BGR instead of RGB", channels: 3) { $0.mapChannels(step).reversedChannels() },
      ]
    }
  }()

  private static let layouts: [Hypothesis] = [
    input("input-nhwc", "input read as channels-last (NHWC)") { $0.readAsChannelsLast() },
    input("input-nchw", "a channels-last input read as NCHW") { $0.writtenAsChannelsLast() },
    input("input-mirrored", "input mirrored left to right") {
      $0.movedPixels { y, x, _, w in (y, w - 1 - x) }
    },
    input("input-upside-down", "input upside down") { $0.movedPixels { y, x, h, _ in (h - 1 - y, x) } },
    input("input-transposed", "rows and columns of the input exchanged") {
      $0.shape[2] == $0.shape[3] ? $0.movedPixels { y, x, _, _ in (x, y) } : $0
    },
  ]
}

extension FeatureMap<Float> {
  private var plane: Int { shape[2] * shape[3] }

  /// Calls `body(channel, value)` for each value.
  fileprivate func mapChannels(_ body: (Int, Float) -> Float) -> FeatureMap {
    var map = self
    for index in values.indices { map.values[index] = body(index / plane % shape[1], values[index]) }
    return map
  }

  fileprivate func reversedChannels() -> FeatureMap {
    gathered { n, c, y, x in (n, shape[1] - 1 - c, y, x) }
  }

  fileprivate func movedPixels(_ body: (Int, Int, Int, Int) -> (Int, Int)) -> FeatureMap {
    gathered { n, c, y, x in
      let (row, column) = body(y, x, shape[2], shape[3])
      return (n, c, row, column)
    }
  }

  /// The map whose element (n, c, y, x) is the element at the index that `body` returns.
  private func gathered(_ body: (Int, Int, Int, Int) -> (Int, Int, Int, Int)) -> FeatureMap {
    var map = self
    for index in values.indices {
      let (x, y) = (index % shape[3], index / shape[3] % shape[2])
      let (n, c, row, column) = body(index / plane / shape[1], index / plane % shape[1], y, x)
      map.values[index] = values[((n * shape[1] + c) * shape[2] + row) * shape[3] + column]
    }
    return map
  }

  /// The memory of this map, read as `[N, H, W, C]`.
  fileprivate func readAsChannelsLast() -> FeatureMap {
    permuted { image, c, pixel in (image + pixel * shape[1] + c, image + c * plane + pixel) }
  }

  /// The memory of a channels-last copy of this map, read as `[N, C, H, W]`.
  fileprivate func writtenAsChannelsLast() -> FeatureMap {
    permuted { image, c, pixel in (image + c * plane + pixel, image + pixel * shape[1] + c) }
  }

  private func permuted(_ body: (Int, Int, Int) -> (from: Int, to: Int)) -> FeatureMap {
    var map = self
    for n in 0..<shape[0] {
      for c in 0..<shape[1] {
        for pixel in 0..<plane {
          let (from, to) = body(n * shape[1] * plane, c, pixel)
          map.values[to] = values[from]
        }
      }
    }
    return map
  }
}
