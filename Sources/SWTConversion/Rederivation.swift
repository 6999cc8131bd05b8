internal import PthReader
internal import ResNetArchitecture
internal import ResNetModel
package import SWT
package import SWTBytes
package import SWTChecksums
internal import SWTDigests

/// A checkpoint, read again to compare a weight file with it: does to it what the file says was done.
package struct Rederivation: Sendable {
  /// One tensor of the network as the checkpoint has it.
  package struct Source: Sendable {
    /// torchvision's name.
    package let name: String
    /// Whether networks may lack it: the step counter of a BatchNorm.
    package let isOptional: Bool
    /// Of its values: contiguous, row-major, little-endian.
    package let digest: SHA256Digest
  }

  /// Every tensor of the network, in execution order.
  package let sources: [Source]
  /// What conversion makes otherwise than the file has it: transformed tensors and scales alone.
  package private(set) var differing: [String] = []
  /// Tensors that conversion makes and the file lacks.
  package private(set) var missing: [String] = []
  /// How many tensors were made again and compared.
  package private(set) var compared = 0

  /// Reads a checkpoint once, all of it, on `threads` threads.
  ///
  /// - Parameters:
  ///   - path: The checkpoint.
  ///   - key: Which entry of a nested checkpoint to look in.
  ///   - file: The weight file that is said to come from it.
  ///   - limits: Bounds on what the checkpoint may ask for.
  /// - Throws: ``ConversionFailure`` when the checkpoint cannot be read, names something dangerous, is no such network,
  ///   or its values cannot be stored so.
  package init(
    of path: String, key: String?, for file: SWTFile, limits: ParseLimits
  ) throws(ConversionFailure) {
    do {
      let options = Self.options(of: file, limits: limits)
      let source = try ConversionSource(path, options, isDigested: false)
      var network = try NetworkStateDict(source.file, .auto, key: key)
      // Epsilon may have been an option of the conversion; the file says which it was.
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
