internal import PthReader
internal import ResNetArchitecture
public import ResNetEngine
internal import ResNetModel
public import SWT
public import SWTBytes
internal import SWTChecksums
public import SWTConversion
internal import SWTDigests
internal import SWTGoldens
internal import SWTThreads

/// Why a file could not be verified; a wrong model is a report, not a failure.
public enum VerificationFailure: Error, Sendable {
  /// The model file is damaged, missing, or not a weight file.
  case model(file: String, SWTError)
  /// The model's tensors do not form the network that it describes.
  case network(file: String, String)
  /// A golden is damaged, or of another model.
  case golden(file: String, String)
  /// The checkpoint to compare with cannot be read, or is not such a network.
  case source(ConversionFailure)
}

/// Options of a verification.
public struct VerificationOptions: Sendable {
  /// The depth of a verification.
  public enum Level: String, Sendable, CaseIterable {
    /// Compare only tensors.
    case weights
    /// Compare outputs too.
    case forward
    /// Compare every stage too, and find the first that is wrong.
    case layers
    /// Find the cause too.
    case all
  }

  /// The engine that computes the network.
  public enum Compute: Equatable, Sendable {
    /// Float32 with the kernels of one instruction set.
    case float32(InstructionSet)
    /// Convolutions in bfloat16 or 8-bit integers.
    case reduced(ComputePrecision, InstructionSet)
    /// The float64 reference engine: slow, an independent implementation.
    case double
  }

  /// The depth of the verification.
  public var level = Level.all
  /// The engine that computes the network.
  public var compute = Compute.float32(.best)
  /// Whose rounding a quantized network is computed with; nil selects what the file states.
  public var quantizedBackend: QuantizedBackend?
  /// Paths of golden files; if empty, those in the model file are used.
  public var goldens: [String] = []
  /// A checkpoint whose tensors the file's must equal.
  public var source: String?
  /// The entry of a nested source.
  public var sourceKey: String?
  /// Allowed multiple of the floor, overriding the goldens'.
  public var k: Double?
  /// Number of threads; nil for one per core.
  public var threads: Int?
  /// Whether to look for the cause of a wrong result.
  public var diagnoses = true
  /// Seconds for the search for a cause, in all goldens together; nil for any time.
  public var budget: Double?
  /// Number of single-weight mutations to try on the goldens; 0 for none.
  public var mutations = 0
  /// Seed of the mutations; the same seed tries the same ones.
  public var mutationSeed: UInt64 = 1
  /// Limits on the resources that files may use.
  public var limits = ParseLimits()

  /// The defaults: all levels, float32, the goldens in the file.
  public init() {}
}

/// Verifies weight files: first identity, then weights, then the forward pass, then the place of a fault.
public enum Verifier {
  /// Verifies the model at `path`; a finding in one stage never prevents the next.
  ///
  /// - Throws: ``VerificationFailure`` if something cannot be read at all.
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
    let model: Model
    do throws(ModelFailure) {
      model = try Model(file)
    } catch {
      if case .noArchitecture = error, options.level == .weights, options.goldens.isEmpty {
        return try weights(of: file, path, options)
      }
      throw .network(file: path, "\(error)")
    }
    let (tree, architecture) = (model.tree, model.architecture)
    let goldens = try goldens(file, architecture, path, options)

    // Checksums and digests cover every byte; they run concurrently with packing the weights.
    let integrity = Background { () -> SWTError? in
      do throws(SWTError) {
        try file.verify(using: SystemDigests())
        return nil
      } catch {
        return error
      }
    }
    let stated = StatedTransforms(file, tree)
    var report = VerificationReport(
      model: path, architecture: architecture.summary, parameterCount: tree.parameterCount,
      contentID: file.contentID(using: SystemDigests()).map { "swt1:\($0.hex)" },
      engine: options.engineName, source: nil, goldens: [])
    let stored = StoredPrecision(file, tree)
    report.stored = stored
    report.compute = options.computeName
    if case .reduced(let precision, _) = options.compute { report.reducedCompute = precision }
    report.contradictions = WeightsCheck.contradictions(file, stated)
    var proven: [ExactString: SHA256Digest]?
    if let source = options.source {
      do {
        let compared = try WeightsCheck.compare(
          file, sourcePath: source, key: options.sourceKey, limits: options.limits)
        report.source = compared.report
        if compared.report.passes { proven = compared.sources }
      } catch {
        throw .source(error)
      }
    }
    let digests = WeightDigests(file, stated, proven: proven)
    do {
      if model.isQuantized {
        try QuantizedRun(model, options).check(goldens, digests, &report)
        if let damage = integrity.wait() { throw VerificationFailure.model(file: path, damage) }
        return report
      }
      let run = try ForwardRun(
        SWTWeights(file), tree, goldens.map(\.golden), options, stored: stored, isProven: proven != nil,
        budget: SearchBudget(seconds: options.budget))
      for (name, golden) in goldens {
        var found = try run.check(name, golden, digests)
        found.explainQuantizedGolden(golden)
        report.goldens.append(found)
      }
      report.mutation = try run.mutationScore(goldens, report.goldens)
    } catch let failure as VerificationFailure {
      throw failure
    } catch {
      if let damage = integrity.wait() { throw .model(file: path, damage) }
      throw .network(file: path, "\(error)")
    }
    if let damage = integrity.wait() { throw .model(file: path, damage) }
    return report
  }

  /// Compares the tensors of a file without an architecture, of which nothing else can be verified.
  private static func weights(
    of file: SWTFile, _ path: String, _ options: VerificationOptions
  ) throws(VerificationFailure) -> VerificationReport {
    do {
      try file.verify(using: SystemDigests())
    } catch {
      throw .model(file: path, error)
    }
    var report = VerificationReport(
      model: path, architecture: "state dict",
      parameterCount: file.tensors.filter { $0.role == .parameter }.reduce(0) { $0 + $1.elementCount },
      contentID: file.contentID(using: SystemDigests()).map { "swt1:\($0.hex)" },
      engine: options.engineName, source: nil, goldens: [])
    guard let source = options.source else { return report }
    do {
      report.source = try WeightsCheck.compare(
        file, sourcePath: source, key: options.sourceKey, limits: options.limits
      ).report
    } catch {
      throw .source(error)
    }
    return report
  }

  /// The goldens that the options name, or those in the file, of this network.
  static func goldens(
    _ file: SWTFile, _ architecture: Architecture, _ path: String, _ options: VerificationOptions
  ) throws(VerificationFailure) -> [(name: String, golden: Golden)] {
    var goldens: [(String, Golden)] = []
    if options.goldens.isEmpty {
      do throws(GoldenFailure) {
        for (set, golden) in try Golden.embedded(in: file) { goldens.append((set, golden)) }
      } catch {
        throw .golden(file: path, "its embedded golden cannot be used: \(error)")
      }
      guard !goldens.isEmpty || options.level == .weights || options.source != nil else {
        throw .golden(file: path, "the file has no golden, and none was given")
      }
    }
    do throws(GoldenReadFailure) {
      let named = try GoldenReader.read(options.goldens, for: architecture, limits: options.limits)
      for (_, golden) in named { goldens.append((golden.name, golden)) }
    } catch {
      throw .golden(file: error.file, error.text)
    }
    if options.goldens.isEmpty {
      // A golden inside the file under test cannot set its own bar.
      for (name, golden) in goldens {
        guard let (output, allowed) = GoldenJudge(golden, LayerTree(golden.architecture)).loosest else {
          continue
        }
        throw .golden(
          file: path,
          "its embedded golden \(name) allows an error of \(allowed) in \(output), more than passes for its class"
        )
      }
    }
    for (name, golden) in goldens {
      let stored: Int
      if case .stored(let values) = golden.input.values { stored = 4 * values.count } else { stored = 0 }
      let limits = options.limits.scaled(toFile: stored)
      let cost = ForwardCost(LayerTree(golden.architecture), shape: golden.input.shape)
      do throws(ParseFailure) {
        try limits.check(.goldenActivations, cost.activations)
        try limits.check(.goldenMultiplyAdds, cost.multiplyAdds)
      } catch {
        throw .golden(
          file: options.goldens.isEmpty ? path : name,
          "its input of shape \(golden.input.shape) asks for too much: \(error.reason); \(error.hint ?? "")")
      }
    }
    // Other conventions are a finding; another network is not.
    for (name, golden) in goldens where !golden.architecture.hasSameShapes(as: architecture) {
      throw .golden(
        file: options.goldens.isEmpty ? path : name,
        "it is a golden of \(golden.architecture.summary), but the model is \(architecture.summary)")
    }
    return goldens
  }
}

extension VerificationOptions {
  /// The precision of the computation, as reports and options name it.
  var computeName: String {
    switch compute {
    case .float32: "f32"
    case .reduced(let precision, _): precision.rawValue
    case .double: "double"
    }
  }

  /// The instruction set of the fast engine's kernels.
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
