package import ResNetEngine
package import ResNetModel
package import SWTImages
package import SWTThreads

/// A network at one precision, and how it takes pictures.
package struct Contestant: Sendable {
  package let network: PackedNetwork
  package let preprocessing: ImagePreprocessing
  private let instructions: InstructionSet

  /// Packs the weights of a network.
  ///
  /// - Throws: Errors of reading the weights.
  package init(
    _ model: Model, _ preprocessing: ImagePreprocessing, precision: ComputePrecision,
    instructions: InstructionSet, threads: ThreadPool
  ) throws {
    network = try model.engine(
      threads: threads, instructions: instructions, precision: precision, height: preprocessing.crop,
      width: preprocessing.crop
    ).network
    self.preprocessing = preprocessing
    self.instructions = instructions
  }

  /// An engine of a thread's own.
  func engine() -> FastEngine {
    FastEngine(
      network, height: preprocessing.crop, width: preprocessing.crop, threads: ThreadPool(count: 1),
      instructions: instructions)
  }
}

/// The answer of a network to a picture.
package struct Answer: Equatable, Sendable {
  /// The numbers of the five largest logits, largest first; equal ones in order of their number.
  package let classes: [Int]
  /// The distance between the two largest logits; 0 if there is one only.
  package let margin: Float

  package init(classes: [Int], margin: Float) { (self.classes, self.margin) = (classes, margin) }

  /// The answer that some logits give; nil if they are not finite.
  package init?(_ logits: some Collection<Float>) {
    var best: [(number: Int, logit: Float)] = []
    for (number, logit) in logits.enumerated() {
      guard logit.isFinite else { return nil }
      let place = best.firstIndex { logit > $0.logit } ?? best.count
      guard place < 5 else { continue }
      best.insert((number, logit), at: place)
      if best.count > 5 { best.removeLast() }
    }
    classes = best.map(\.number)
    margin = best.count > 1 ? best[0].logit - best[1].logit : 0
  }
}
