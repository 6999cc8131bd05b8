internal import PthReader
internal import ResNetArchitecture
internal import ResNetModel
package import SWT
package import SWTBytes
package import SWTChecksums
internal import SWTDigests

/// A checkpoint, converted again with the options recorded in a weight file, to compare both.
package struct Rederivation: Sendable {
  /// A tensor of the network in the checkpoint.
  package struct Source: Sendable {
    /// torchvision's name.
    package let name: String
    /// Whether networks may lack it: the step counter of a BatchNorm.
    package let isOptional: Bool
    /// SHA-256 of its values: contiguous, row-major, little-endian.
    package let digest: SHA256Digest
  }

  /// Every tensor of the network, in execution order.
  package let sources: [Source]
  /// Names of tensors that conversion makes differently; transformed tensors and scales only.
  package private(set) var differing: [String] = []
  /// Names of tensors that conversion makes and the file lacks.
  package private(set) var missing: [String] = []
  /// Number of tensors that were made again and compared.
  package private(set) var compared = 0

  /// Reads a whole checkpoint once.
  ///
  /// - Parameters:
  ///   - path: The checkpoint.
  ///   - key: Entry of a nested checkpoint.
  ///   - file: The weight file that is supposed to come from it.
  ///   - limits: Limits on the resources that the checkpoint may use.
  /// - Throws: ``ConversionFailure`` if the checkpoint cannot be read, names dangerous functions, is not such
  ///   a network, or has values that cannot be stored.
  package init(
    of path: String, key: String?, for file: SWTFile, limits: ParseLimits
  ) throws(ConversionFailure) {
    do {
      let options = Self.options(of: file, limits: limits)
      let source = try ConversionSource(path, options, isDigested: false)
      var network = try NetworkStateDict(source.file, .auto, key: key)
      // Epsilon may have been set by an option of the conversion; the file records it.
      if options.transforms, let epsilon = SWTArchitecture.read(file)?.epsilon {
        network = network.withEpsilon(epsilon)
      }
      let plan = try ConversionPlan(network, options, source.file)
      for (_, entry) in plan.sources { try source.file.admit(entry) }
      var draft = try DraftBuilder.build(plan, hashesSources: true, source.file)
      let pass = source.pass(draft)
      draft.take(try pass.run(pass.allPieces))
      sources = zip(network.tensors, draft.contents.sources).map { tensor, source in
        Source(name: source.name, isOptional: tensor.parameter.isOptional, digest: source.sha256)
      }
      if options.transforms { compare(draft, with: file) }
    } catch {
      throw ConversionFailure(error, input: path)
    }
  }

  /// Compares every tensor of the file that was folded, cast or quantized, and the scales.
  private mutating func compare(_ draft: Draft, with file: SWTFile) {
    for (spec, value) in zip(draft.contents.tensors, draft.values) {
      if case .entry = value { continue }
      guard let index = file.index(of: spec.name) else {
        missing.append(spec.name)
        continue
      }
      compared += 1
      let info = file.info(index)
      if info.dtype != spec.dtype || info.shape != spec.shape || file.digest(index) != spec.sha256 {
        differing.append(spec.name)
      }
    }
  }

  /// The options that the file was made with, from its metadata.
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
