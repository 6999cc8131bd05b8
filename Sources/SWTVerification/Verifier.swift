internal import PthReader
internal import ResNetArchitecture
public import ResNetEngine
public import SWT
public import SWTBytes
internal import SWTChecksums
internal import SWTConversion
internal import SWTDigests
internal import SWTGoldens

/// Why a file could not be verified; a wrong model is a report, not a failure.
public enum VerificationFailure: Error, Sendable {
  /// The model file is damaged, missing, or no weight file.
  case model(file: String, SWTError)
  /// The model's tensors do not make up the network that it states.
  case network(file: String, String)
  /// A golden is damaged, or of another model.
  case golden(file: String, String)
  /// The checkpoint of `--source` cannot be read or is no such network.
  case source(file: String, String)
}

/// How to verify.
public struct VerificationOptions: Sendable {
  /// How deep to look.
  public enum Level: String, Sendable, CaseIterable {
    /// Compare tensors alone.
    case weights
    /// Compare outputs too.
    case forward
    /// Compare every stage too, and find the first that is wrong.
    case layers
    /// And look for the cause.
    case all
  }

  /// What computes the network.
  public enum Compute: Equatable, Sendable {
    /// Float32 with the kernels of one instruction set.
    case float32(InstructionSet)
    /// Convolutions of bfloat16 or 8-bit integers.
    case reduced(ComputePrecision, InstructionSet)
    /// The double-precision reference engine: slow, and a second witness.
    case double
  }

  /// How deep to look.
  public var level = Level.all
  /// What computes the network.
  public var compute = Compute.float32(.best)
  /// Paths of golden files; empty means those in the model file.
  public var goldens: [String] = []
  /// A checkpoint that every tensor has to be equal to.
  public var source: String?
  /// Which entry of a nested source to look in.
  public var sourceKey: String?
  /// Allowed multiple of the floor, instead of the goldens' own.
  public var k: Double?
  /// How many threads compute; nil is one for each core.
  public var threads: Int?
  /// Whether to look for the cause of a wrong result.
  public var diagnoses = true
  /// How many single-weight mutations to try on the goldens; 0 for none.
  public var mutations = 0
  /// Seed of the mutations: the same seed tries the same ones.
  public var mutationSeed: UInt64 = 1
  /// Bounds on what files may ask for.
  public var limits = ParseLimits()

  /// The defaults: all levels, float32, the goldens in the file.
  public init() {}
}

/// Verifies weight files: identity, then weights, then the forward pass, then where it goes wrong.
public enum Verifier {
  /// Verifies the model at `path`; a finding in one stage never stops the next.
  ///
  /// - Throws: ``VerificationFailure`` when something cannot be read at all.
  public static func verify(
    _ path: String, _ options: VerificationOptions = VerificationOptions()
  ) throws(VerificationFailure) -> VerificationReport {
    let file: SWTFile
    do {
      file = try SWTFile(path: path)
    } catch {
      throw .model(file: path, error)
    }
    file.prefetch()
    guard let architecture = SWTArchitecture.read(file) else {
      throw .network(file: path, "it states no ResNet or ResNeXt architecture, so there is nothing to run")
    }
    let tree = LayerTree(architecture)
    try requireNetwork(file, tree, path)
    let goldens = try goldens(file, architecture, path, options)

    // Checksums and digests cover every byte; they run beside the packing of the weights.
    let integrity = Background { () -> SWTError? in
      do throws(SWTError) {
        try file.verify(using: SystemDigests())
        return nil
      } catch {
        return error
      }
    }
    let digests = WeightsCheck.digests(file)
    var report = VerificationReport(
      model: path, architecture: architecture.summary, parameterCount: tree.parameterCount,
      contentID: file.contentID(using: SystemDigests()).map { "swt1:\($0.hex)" },
      engine: options.engineName, source: nil, goldens: [])
    let stored = StoredPrecision(file, tree)
    report.stored = stored
    report.compute = options.computeName
    if case .reduced(let precision, _) = options.compute { report.reducedCompute = precision }
    if let source = options.source {
      do {
        report.source = try WeightsCheck.compare(
          file, digests, sourcePath: source, key: options.sourceKey, limits: options.limits)
      } catch {
        throw .source(file: source, error.text)
      }
    }
    do {
      let isProven = report.source?.passes ?? false
      let run = try ForwardRun(
        SWTWeights(file), tree, goldens.map(\.golden), options, stored: stored, isProven: isProven)
      for (name, golden) in goldens {
        report.goldens.append(try run.check(name, golden, digests))
      }
      report.mutation = try run.mutationScore(goldens, report.goldens)
    } catch {
      if let damage = integrity.wait() { throw .model(file: path, damage) }
      throw .network(file: path, "\(error)")
    }
    if let damage = integrity.wait() { throw .model(file: path, damage) }
    return report
  }

  /// Every tensor of the tree has to be there, with its shape; BatchNorm may be folded away.
  private static func requireNetwork(
    _ file: SWTFile, _ tree: LayerTree, _ path: String
  ) throws(VerificationFailure) {
    var shapes: [String: [Int]] = [:]
    for info in file.tensors
    where !info.name.hasPrefix(SWTFormat.goldenPrefix) && info.role != .scale && info.role != .zeroPoint {
      shapes[info.name] = info.shape
    }
    let isFolded = file.metadata("arch.bn") == .text("folded")
    let fit = StateDictFit(tree, shapes, isFolded: isFolded)
    guard fit.isComplete else {
      throw .network(file: path, "its tensors do not fit \(tree.architecture.name): \(fit.summary())")
    }
  }

  private static func goldens(
    _ file: SWTFile, _ architecture: Architecture, _ path: String, _ options: VerificationOptions
  ) throws(VerificationFailure) -> [(name: String, golden: Golden)] {
    var goldens: [(String, Golden)] = []
    if options.goldens.isEmpty {
      do throws(GoldenFailure) {
        for (set, golden) in try Golden.embedded(in: file) { goldens.append((set, golden)) }
      } catch {
        throw .golden(file: path, "its embedded golden is unusable: \(error)")
      }
      guard !goldens.isEmpty || options.level == .weights || options.source != nil else {
        throw .golden(file: path, "it carries no golden, and none was given")
      }
    }
    do throws(GoldenReadFailure) {
      let named = try GoldenReader.read(options.goldens, for: architecture, limits: options.limits)
      for (_, golden) in named { goldens.append((golden.name, golden)) }
    } catch {
      throw .golden(file: error.file, error.text)
    }
    for (name, golden) in goldens where !golden.architecture.isSameNetwork(as: architecture) {
      throw .golden(
        file: options.goldens.isEmpty ? path : name,
        "it is a golden of \(golden.architecture.summary), the model is \(architecture.summary)")
    }
    return goldens
  }
}

extension VerificationOptions {
  /// As `--compute` calls it.
  var computeName: String {
    switch compute {
    case .float32: "f32"
    case .reduced(let precision, _): precision.rawValue
    case .double: "double"
    }
  }

  /// What the fast engine's kernels use.
  var instructions: InstructionSet {
    switch compute {
    case .float32(let instructions), .reduced(_, let instructions): instructions
    case .double: .best
    }
  }

  var engineName: String {
    switch compute {
    case .float32(let instructions): "float32, \(instructions.rawValue)"
    case .reduced(let precision, let instructions):
      "\(precision.rawValue), \(instructions.name(of: precision))"
    case .double: "double, reference"
    }
  }
}

extension ConversionFailure {
  /// What went wrong, without the file's name.
  var text: String {
    switch self {
    case .input(_, let failure): failure.description
    case .architecture(_, let text, let hint): hint.map { "\(text); \($0)" } ?? text
    case .golden(_, let text): text
    case .output(_, let text, _), .options(let text, _): text
    }
  }
}
