public import ResNetArchitecture
public import ResNetEngine
public import SWT
public import SWTThreads
internal import Synchronization

/// A ResNet or ResNeXt in a weight file, ready to run.
///
/// ```swift
/// import ResNetModel
///
/// let model = try Model("model.swt")
/// let image = [Float](repeating: 0, count: 3 * 224 * 224)
/// let logits = try model.run(image, shape: [1, 3, 224, 224])     // one for each class
/// ```
///
/// The initializer maps and checks the file; the first run packs the weights for this processor. Any number
/// of threads may share a model.
public final class Model: Sendable {
  /// The weight file.
  public let file: SWTFile
  /// The network that the metadata describes; all its tensors are in the file.
  public let tree: LayerTree
  /// The weights for ``run(_:shape:)``, packed on first use.
  private let packed = Mutex<PackedNetwork?>(nil)
  /// The same for a network of integers.
  private let integers = Mutex<QuantizedEngine?>(nil)

  /// Whether the layers are integers, which only ``quantizedEngine(_:threads:instructions:)`` computes with.
  public var isQuantized: Bool { file.isQuantizedNetwork }

  /// The architecture of the network.
  public var architecture: Architecture { tree.architecture }

  /// Opens the file at `path` and checks that it contains a network.
  ///
  /// - Throws: ``ModelFailure`` if the file cannot be read, is damaged, describes no network, or lacks
  ///   tensors of it.
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

  /// The network in an open file, whose data checksums are not checked again.
  ///
  /// - Throws: ``ModelFailure`` if the file describes no network, or its tensors do not fit it.
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

  /// Runs the network on one batch.
  ///
  /// - Parameters:
  ///   - input: `[N, C, H, W]`, row-major, normalized as the model expects.
  ///   - shape: `[N, C, H, W]`; C is the number of input channels.
  /// - Returns: The logits, `[N, classes]`; for a headless network the last feature map, `[N, C, h, w]`.
  /// - Throws: ``/ResNetEngine/InferenceError`` if the shape does not fit, or if the weights cannot be read.
  public func run(_ input: [Float], shape: [Int]) throws -> [Float] {
    let expected = [-1, tree.stem.inputChannels, -1, -1]
    guard shape.count == 4, Self.product(shape) == input.count else {
      throw InferenceError.wrongInput(expected: expected, actual: shape, values: input.count)
    }
    if isQuantized {
      let engine = try integers.withLock { integers in
        if let integers { return integers }
        let made = try quantizedEngine()
        integers = made
        return made
      }
      return try engine.run(FeatureMap(shape: shape, values: input)).output.values
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

  /// The number of elements; nil if a size is not positive or the product overflows.
  private static func product(_ shape: [Int]) -> Int? {
    var product = 1
    for size in shape {
      let (next, overflow) = product.multipliedReportingOverflow(by: size)
      guard size > 0, !overflow else { return nil }
      product = next
    }
    return product
  }

  /// A fast engine with its weights packed; for many inputs, single layers, or a choice of precision.
  ///
  /// - Parameters:
  ///   - threads: The threads that compute.
  ///   - instructions: Instruction set of the kernels.
  ///   - precision: Number type that convolutions multiply.
  ///   - height: Expected image height; other sizes are planned when they first occur.
  ///   - width: Expected image width.
  /// - Throws: Errors of reading the weights.
  /// - Returns: The engine, ready to run.
  public func engine(
    threads: ThreadPool = ThreadPool(), instructions: InstructionSet = .best,
    precision: ComputePrecision = .f32,
    height: Int = 224, width: Int = 224
  ) throws -> FastEngine {
    try requireFloats()
    let packed = try PackedNetwork(
      tree, weights: SWTWeights(file), threads: threads, instructions: instructions, precision: precision,
      height: height, width: width)
    return FastEngine(packed, height: height, width: width, threads: threads, instructions: instructions)
  }

  /// An engine for a quantized network, whose results are PyTorch's bit for bit.
  ///
  /// - Parameters:
  ///   - backend: Whose rounding; nil selects the one that the file states, or else
  ///     ``/ResNetEngine/QuantizedBackend/standard``.
  ///   - threads: The threads that compute.
  ///   - instructions: Instruction set of the kernels, which all give the same bits.
  /// - Throws: ``/ResNetEngine/InferenceError`` if the network is not quantized, or if its numbers are not what
  ///   an engine computes with; errors of reading the weights.
  /// - Returns: The engine, ready to run.
  public func quantizedEngine(
    _ backend: QuantizedBackend? = nil, threads: ThreadPool = ThreadPool(),
    instructions: InstructionSet = .best
  ) throws -> QuantizedEngine {
    guard isQuantized else {
      throw InferenceError.quantization("the network is not quantized: its layers are real numbers")
    }
    return try QuantizedEngine(
      try file.quantizedNetwork(tree), try file.statedBackend(backend), threads: threads,
      instructions: instructions)
  }

  private func requireFloats() throws(InferenceError) {
    guard isQuantized else { return }
    throw .quantization(
      "the network is quantized: only the integer engine computes it; dequantize the checkpoint for real numbers"
    )
  }

  /// The float64 engine: plain loops, slow, an independent implementation.
  ///
  /// - Parameters:
  ///   - threads: The threads that compute.
  ///   - precision: The precision whose rounding is emulated, if any.
  ///   - instructions: The instruction set whose rounding is emulated: AMX has its own order of sums.
  /// - Throws: Errors of reading the weights.
  /// - Returns: The engine, ready to run.
  public func referenceEngine(
    threads: ThreadPool = ThreadPool(), emulating precision: ComputePrecision = .f32,
    on instructions: InstructionSet = .best
  ) throws -> ReferenceEngine<SWTWeights> {
    try requireFloats()
    return try ReferenceEngine(
      tree, weights: SWTWeights(file), threads: threads, emulating: precision, on: instructions)
  }
}

/// Why the network in a weight file cannot be run.
public enum ModelFailure: Error, Sendable, CustomStringConvertible {
  /// The file cannot be read, or is damaged.
  case file(SWTError)
  /// The file does not describe a ResNet or ResNeXt architecture.
  case noArchitecture
  /// The tensors are not those of the network that the file describes; the text says which.
  case misfit(String)

  public var description: String {
    switch self {
    case .file(let error): "\(error)"
    case .noArchitecture: "the file has no ResNet or ResNeXt architecture, so there is nothing to run"
    case .misfit(let text): text
    }
  }
}
