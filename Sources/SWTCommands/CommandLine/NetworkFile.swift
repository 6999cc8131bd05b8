internal import ResNetArchitecture
internal import ResNetEngine
internal import SWT
internal import SWTConversion
internal import SWTVerification

/// A weight file that holds a network, ready to be run.
struct NetworkFile {
  let path: String
  let file: SWTFile
  let tree: LayerTree

  init(_ path: String) throws(CommandFailure) {
    self.path = path
    file = try InputKind.openSWT(path)
    guard let architecture = SWTArchitecture.read(file) else {
      throw CommandFailure(
        .weightsDiffer, file: path, "it states no ResNet or ResNeXt architecture, so there is nothing to run")
    }
    tree = LayerTree(architecture)
    do throws(SWTError) {
      try file.verifyData()
    } catch {
      throw CommandFailure(reading: path, error)
    }
  }

  /// The fast engine, its weights packed.
  func fastEngine(
    height: Int, width: Int, threads: Int?, isa: InstructionSet, precision: ComputePrecision = .f32
  ) throws(CommandFailure) -> FastEngine {
    let pool = ThreadPool(count: threads)
    do {
      let packed = try PackedNetwork(
        tree, weights: SWTWeights(file), threads: pool, instructions: isa, precision: precision,
        height: height,
        width: width)
      return FastEngine(packed, height: height, width: width, threads: pool, instructions: isa)
    } catch {
      throw CommandFailure(.weightsDiffer, file: path, "\(error)")
    }
  }

  /// The double-precision reference engine, which may round where an engine of reduced numbers does.
  func referenceEngine(
    threads: Int?, emulating precision: ComputePrecision = .f32, on isa: InstructionSet = .best
  ) throws -> ReferenceEngine<SWTWeights> {
    try ReferenceEngine(
      tree, weights: SWTWeights(file), threads: ThreadPool(count: threads), emulating: precision,
      on: isa)
  }
}
