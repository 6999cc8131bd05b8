internal import ResNetArchitecture
internal import SWTBytes
public import SWTConversion
internal import SWTGoldens

extension Verifier {
  /// Why a network passes its goldens with no conventions that were tried: the cause that explains a golden
  /// with the usual conventions or the nearest ones, or else where the nearest first go wrong; nil if neither
  /// is found in about `seconds`.
  public static func diagnosis(of network: UnsettledNetwork, seconds: Double) -> String? {
    var options = VerificationOptions()
    options.threads = network.threads
    let digests = WeightDigests(network.digests)
    var place: String?
    for candidate in network.candidates {
      let budget = SearchBudget(seconds: seconds / Double(network.candidates.count))
      guard
        let run = try? ForwardRun(
          network.weights, candidate.tree, candidate.goldens, options, budget: budget)
      else { continue }
      for golden in candidate.goldens {
        guard let report = try? run.check(golden.name, golden, digests) else { continue }
        if let cause = report.cause, cause.isConfirmed {
          return cause.place.map { "\(cause.text), at \($0)" } ?? cause.text
        }
        place = report.divergence.map { "it first differs at \($0.layer ?? $0.block)" } ?? place
      }
    }
    return place
  }
}
