public import ResNetArchitecture
public import ResNetEngine
public import SWT
public import SWTThreads
internal import Synchronization

/// A ResNet or ResNeXt in a weight file, ready to be run.
///
/// ```swift
/// import ResNetModel
///
/// let model = try Model("model.swt")
/// let image = [Float](repeating: 0, count: 3 * 224 * 224)
/// let logits = try model.run(image, shape: [1, 3, 224, 224])     // one for each class
/// ```
///
/// The file is mapped and checked when the model is made; weights are packed for the processor at hand with the first run.
/// Any number of threads may share a model.
public final class Model: Sendable {
  /// The weight file.
  public let file: SWTFile
  /// The network that the file states, and whose tensors it has.
  public let tree: LayerTree
  /// The weights for ``run(_:shape:)``, packed when it is first called.
  private let packed = Mutex<PackedNetwork?>(nil)

  /// What the network is.
  public var architecture: Architecture { tree.architecture }

  /// Opens the file at `path` and makes sure that it holds a network.
  ///
  /// - Throws: ``ModelFailure`` when the file cannot be read, is damaged, states no network, or lacks some of its tensors.
  public convenience init(_ path: String) throws(ModelFailure) {
    let file: SWTFile
    do throws(SWTError) {
      file = try SWTFile(path: path)
      try file.verifyData()
    } catch {
      throw .file(error)
    }
    try self.init(file)
  }

  /// The network in an open file, whose bytes are not checked again.
  ///
  /// - Throws: ``ModelFailure`` when the file states no network, or its tensors do not fit.
  public init(_ file: SWTFile) throws(ModelFailure) {
    guard let architecture = SWTArchitecture.read(file) else { throw .noArchitecture }
    tree = LayerTree(architecture)
    self.file = file
    var shapes: [String: [Int]] = [:]
    for info in file.tensors
    where !info.name.hasPrefix(SWTFormat.goldenPrefix) && info.role != .scale && info.role != .zeroPoint {
      shapes[info.name] = info.shape
    }
    let fit = StateDictFit(tree, shapes, isFolded: file.metadata("arch.bn") == .text("folded"))
    guard fit.isComplete else {
      throw .misfit("its tensors do not fit \(architecture.name): \(fit.summary())")
    }
  }

  /// Runs the network once.
  ///
  /// - Parameters:
  ///   - input: `[N, C, H, W]`, row-major, normalized as the model wants it.
  ///   - shape: Its sizes; C is the number of input channels.
  /// - Returns: The logits, `[N, classes]`; of a headless network the last map, `[N, C, h, w]`.
  /// - Throws: ``/ResNetEngine/InferenceError`` when the shape is not such, or the weights cannot be read.
  public func run(_ input: [Float], shape: [Int]) throws -> [Float] {
    let expected = [-1, tree.stem.inputChannels, -1, -1]
    guard shape.count == 4, Self.product(shape) == input.count else {
      throw InferenceError.wrongInput(expected: expected, actual: shape, values: input.count)
    }
    let threads = ThreadPool()
    let network = try packed.withLock { packed in
      if let packed { return packed }
      let made = try PackedNetwork(tree, weights: SWTWeights(file), threads: threads)
      packed = made
      return made
    }
    let engine = FastEngine(network, height: shape[2], width: shape[3], threads: threads)
    return try engine.run(FeatureMap(shape: shape, values: input)).output.values
  }

  /// nil for sizes that are not above zero, or too large.
  private static func product(_ shape: [Int]) -> Int? {
    var product = 1
    for size in shape {
      let (next, overflow) = product.multipliedReportingOverflow(by: size)
      guard size > 0, !overflow else { return nil }
      product = next
    }
    return product
  }

  /// A fast engine with the weights packed for it: for whoever runs many inputs, wants single layers, or chooses.
  ///
  /// - Parameters:
  ///   - threads: The threads that compute.
  ///   - instructions: Instruction set of the kernels.
  ///   - precision: What convolutions multiply.
  ///   - height: Of the images that are expected; others are planned for when they come.
  ///   - width: Theirs.
  /// - Throws: What reading the weights throws.
  public func engine(
    threads: ThreadPool = ThreadPool(), instructions: InstructionSet = .best,
    precision: ComputePrecision = .f32,
    height: Int = 224, width: Int = 224
  ) throws -> FastEngine {
    let packed = try PackedNetwork(
      tree, weights: SWTWeights(file), threads: threads, instructions: instructions, precision: precision)
    return FastEngine(packed, height: height, width: width, threads: threads, instructions: instructions)
  }

  /// The double-precision engine: plain loops, slow, and a second witness.
  ///
  /// - Parameters:
  ///   - threads: The threads that compute.
  ///   - precision: Where an engine of reduced numbers would round, if it is to be emulated.
  /// - Throws: What reading the weights throws.
  public func referenceEngine(
    threads: ThreadPool = ThreadPool(), emulating precision: ComputePrecision = .f32
  ) throws -> ReferenceEngine<SWTWeights> {
    try ReferenceEngine(tree, weights: SWTWeights(file), threads: threads, emulating: precision)
  }
}

/// Why a weight file is not a network that can be run.
public enum ModelFailure: Error, Sendable, CustomStringConvertible {
  /// The file cannot be read, or is damaged.
  case file(SWTError)
  /// It states no ResNet or ResNeXt architecture.
  case noArchitecture
  /// Its tensors are not those of the network that it states; the text says which.
  case misfit(String)

  public var description: String {
    switch self {
    case .file(let error): "\(error)"
    case .noArchitecture: "it states no ResNet or ResNeXt architecture, so there is nothing to run"
    case .misfit(let text): text
    }
  }
}
