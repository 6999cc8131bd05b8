package import ResNetArchitecture

/// Channels of a tensor that do nothing.
package struct ChannelFindings: Equatable, Sendable {
  /// What makes a channel dead.
  package enum Rule: Hashable, Sendable {
    /// All weights that make an output channel are next to nothing, beside the tensor's largest.
    case filter
    /// BatchNorm multiplies the channel with next to nothing.
    case normWeight
    /// The channel never varied in training: its input is constant.
    case runningVariance
  }

  package let rule: Rule
  package let channelCount: Int
  /// Indices along the first axis.
  package let dead: [Int]
  /// How many of them are zeros alone.
  package let zeroCount: Int
}

extension ChannelFindings.Rule {
  /// Up to so many channels are looked at one by one.
  static let channelLimit = 1 << 16

  /// What is next to nothing; `largest` is the magnitude of the tensor's largest value.
  func threshold(largest: Double) -> Double {
    switch self {
    case .filter: 1e-6 * largest
    case .normWeight: 1e-6
    // A thousandth of the ε that nearly every network adds, 1e-5.
    case .runningVariance: 1e-8
    }
  }

  /// The rule for a tensor, by its role in a known network, else by its name, its shape and its neighbours' names.
  ///
  /// - Parameters:
  ///   - name: The tensor's name in the file.
  ///   - shape: PyTorch's shape: output channels first.
  ///   - role: Its role, when the network is known.
  ///   - hasNeighbour: True when the file has a tensor of that name.
  package init?(
    name: String, shape: [Int], role: ParameterSpec.Role?, hasNeighbour: (String) -> Bool
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
      } else if shape.count == 1, leaf == "weight", hasNeighbour(module + "running_var") {
        self = .normWeight
      } else {
        return nil
      }
    }
  }
}

/// The largest magnitude in each channel, as values go by in row-major order.
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
        // What is not finite is not dead.
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
