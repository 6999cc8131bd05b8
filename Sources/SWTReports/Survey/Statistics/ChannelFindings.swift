package import ResNetArchitecture

/// Dead channels of a tensor.
package struct ChannelFindings: Equatable, Sendable {
  /// The criterion for a dead channel.
  package enum Rule: Hashable, Sendable {
    /// All weights of an output channel are nearly zero, compared with the tensor's largest.
    case filter
    /// BatchNorm's scale of the channel is nearly zero.
    case normWeight
    /// BatchNorm's variance is nearly zero: the channel was constant in training.
    case runningVariance
  }

  package let rule: Rule
  package let channelCount: Int
  /// Indices of the dead channels along the first axis.
  package let dead: [Int]
  /// Number of dead channels that are exactly zero.
  package let zeroCount: Int
}

extension ChannelFindings.Rule {
  /// Tensors with more channels are not examined.
  static let channelLimit = 1 << 16

  /// Largest magnitude of a dead channel; `largest` is the largest magnitude in the tensor.
  func threshold(largest: Double) -> Double {
    switch self {
    case .filter: 1e-6 * largest
    case .normWeight: 1e-6
    // A thousandth of the usual ε, 1e-5.
    case .runningVariance: 1e-8
    }
  }

  /// The rule for a tensor, by its role in a known network, otherwise by its name, its shape and the names
  /// next to it.
  ///
  /// - Parameters:
  ///   - name: The tensor's name in the file.
  ///   - shape: PyTorch's shape: output channels first.
  ///   - role: Its role, if the network is known.
  ///   - hasTensor: Whether the file has a tensor with that name.
  package init?(
    name: String, shape: [Int], role: ParameterSpec.Role?, hasTensor: (String) -> Bool
  ) {
    guard let count = shape.first, (1...Self.channelLimit).contains(count) else { return nil }
    switch role {
    case .convolution, .linearWeight, .attentionWeight: self = .filter
    case .normWeight: self = .normWeight
    case .runningVar: self = .runningVariance
    case .some: return nil
    case nil:
      let leaf = Module.leafName(name)
      let module = name[..<leaf.startIndex]
      if shape.count > 2 || shape.count == 2 && leaf == "weight" {
        self = .filter
      } else if shape.count == 1, leaf == "running_var" {
        self = .runningVariance
      } else if shape.count == 1, leaf == "weight", hasTensor(module + "running_var") {
        self = .normWeight
      } else {
        return nil
      }
    }
  }
}

/// Finds the largest magnitude in each channel of values in row-major order.
struct ChannelScan {
  private let rule: ChannelFindings.Rule
  private let length: Int
  private var largest: [Double]
  private var position = 0

  init?(_ rule: ChannelFindings.Rule?, shape: [Int]) {
    guard let rule, let count = shape.first, count > 0 else { return nil }
    self.rule = rule
    length = shape.dropFirst().reduce(1, *)
    guard length > 0 else { return nil }
    largest = Array(repeating: 0, count: count)
  }

  mutating func add(_ numbers: [Double]) {
    var i = 0
    while i < numbers.count {
      let channel = position / length
      let end = min(numbers.count, i + (channel + 1) * length - position)
      guard channel < largest.count else { return }
      var most = largest[channel]
      for value in numbers[i..<end] {
        let size = value.magnitude
        // Channels with non-finite values are not dead.
        if !(size <= most) { most = size.isNaN ? .infinity : size }
      }
      largest[channel] = most
      position += end - i
      i = end
    }
  }

  var findings: ChannelFindings {
    let most = largest.reduce(0) { $1.isFinite ? max($0, $1) : $0 }
    let threshold = rule.threshold(largest: most)
    let dead = largest.indices.filter { largest[$0] <= threshold }
    return ChannelFindings(
      rule: rule, channelCount: largest.count, dead: dead, zeroCount: dead.count { largest[$0] == 0 })
  }
}
