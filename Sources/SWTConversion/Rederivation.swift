internal import PthReader
internal import ResNetArchitecture
public import SWT
public import SWTBytes
internal import SWTChecksums
internal import SWTDigests

/// Does to a checkpoint what a weight file says was done to it, and compares the bytes.
public enum Rederivation {
  /// What the comparison found.
  public struct Result: Sendable {
    /// How many tensors were made again and compared.
    public var compared = 0
    /// Tensors whose bytes conversion makes otherwise.
    public var differing: [String] = []
    /// Tensors that conversion makes and the file lacks.
    public var missing: [String] = []
  }

  /// Compares every tensor of the file that was folded, cast or quantised, and the scales.
  ///
  /// - Throws: ``ConversionFailure`` when the checkpoint cannot be read or its values cannot be stored so.
  public static func check(
    _ file: SWTFile, against network: NetworkStateDict, path: String, limits: ParseLimits
  ) throws(ConversionFailure) -> Result {
    var result = Result()
    let options = options(of: file, limits: limits)
    guard options.transforms else { return result }
    // Epsilon may have been an option of the conversion; the file says which it was.
    let epsilon = SWTArchitecture.read(file)?.epsilon ?? network.tree.architecture.epsilon
    let plan = try ConversionPlan(network.withEpsilon(epsilon), options, file: path)
    var draft: Draft
    do {
      // The sources' own digests are compared by the caller.
      draft = try DraftBuilder.build(plan, hashesSources: false, file: path, limits: limits)
      let changed = draft.values.indices.filter { index in
        if case .transform = draft.values[index] { true } else { false }
      }
      let source = ConversionSource(path, options, nil, nil)
      draft.take(try source.pass(draft).run(changed.map { .tensor($0) }))
    } catch {
      throw ConversionFailure(error, reading: path)
    }
    for (spec, value) in zip(draft.contents.tensors, draft.values) {
      if case .entry = value { continue }
      guard let index = file.index(of: spec.name) else {
        result.missing.append(spec.name)
        continue
      }
      result.compared += 1
      let info = file.info(index)
      if info.dtype != spec.dtype || info.shape != spec.shape || file.digest(index) != spec.sha256 {
        result.differing.append(spec.name)
      }
    }
    return result
  }

  /// The options that the file was made with, as its metadata states them.
  private static func options(of file: SWTFile, limits: ParseLimits) -> ConversionOptions {
    var options = ConversionOptions()
    options.limits = limits
    options.foldsBatchNorm = file.metadata("arch.bn") == .text("folded")
    if case .text(let name) = file.metadata("convert.precision") {
      options.precision = Precision(rawValue: name)
    }
    options.wideLayers = .named(
      file.tensors.lazy.filter { $0.dtype == .f16 || $0.dtype == .bf16 }.map(\.name))
    return options
  }
}
