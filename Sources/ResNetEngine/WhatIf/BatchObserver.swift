package import ResNetArchitecture
internal import Synchronization

/// Sees what BatchNorms read while several networks compute the same batch, and lets them share convolutions
/// of it.
package final class BatchObserver: Sendable {
  private let observe: @Sendable (ConvolutionUnit, ChannelStatistics) -> Void
  /// Names of convolutions that read the batch itself.
  private let shared: Set<String>
  private let known = Mutex<[ConvolutionUnit: [Planes]]>([:])

  /// - Parameters:
  ///   - shared: Names of the convolutions whose input is the same in all these networks.
  ///   - observe: Is shown the statistics of each convolution's output.
  package init(
    sharing shared: Set<String>, _ observe: @escaping @Sendable (ConvolutionUnit, ChannelStatistics) -> Void
  ) {
    (self.shared, self.observe) = (shared, observe)
  }

  func observe(_ unit: ConvolutionUnit, _ statistics: ChannelStatistics) { observe(unit, statistics) }

  /// What `compute` returns, computed once for each shared convolution.
  func sums(of unit: ConvolutionUnit, _ compute: () -> [Planes]) -> [Planes] {
    guard shared.contains(unit.name) else { return compute() }
    if let sums = known.withLock({ $0[unit] }) { return sums }
    let sums = compute()
    known.withLock { $0[unit] = sums }
    return sums
  }
}
