internal import PthReader
internal import SWT
internal import SWTBytes
internal import SWTChecksums
internal import SWTDigests
internal import SWTResNet
internal import SWTTensors

/// Turns a checkpoint into a `.swt` file: `state dict -> layer tree -> tensors in execution order -> file`.
public enum Converter {
  /// Converts `input` to `output`.
  ///
  /// The output appears under its name when it is complete and on the disk; whatever fails leaves what was there.
  ///
  /// - Throws: ``ConversionFailure``.
  public static func convert(
    _ input: String, to output: String, _ options: ConversionOptions = ConversionOptions()
  ) throws(ConversionFailure) -> ConversionSummary {
    let checkpoint: Checkpoint
    do throws(ParseFailure) {
      checkpoint = try CheckpointReader.open(path: input, limits: options.limits)
      try checkpoint.requireHarmless()
    } catch {
      throw .input(file: input, error)
    }
    let plan = try ConversionPlan(checkpoint, options, file: input)
    let goldens = try EmbeddedGoldens(options.goldens, plan: plan, limits: options.limits)

    let scan: SourceScan.Result
    do {
      scan = try SourceScan.run(
        input, plan.tensors.map(\.entry), limits: options.limits, fileBytes: checkpoint.byteCount)
    } catch {
      throw failure(error, input)
    }
    var contents = SWTContents()
    for (tensor, digest) in zip(plan.tensors, scan.tensors) {
      contents.tensors.append(
        SWTTensorSpec(
          name: tensor.name, dtype: tensor.dtype, shape: tensor.shape, role: tensor.role,
          sha256: digest))
      contents.sources.append(SWTSourceDigest(name: tensor.name, dtype: tensor.dtype, sha256: digest))
    }
    contents.metadata = try plan.metadata(options, sourceSHA256: scan.file.hex, checkpoint, file: input)
    if SafetensorsOutput.isAsked(by: output) {
      let byteCount = try SafetensorsOutput.write(
        plan, metadata: contents.metadata, from: input, to: output, options)
      return ConversionSummary(
        architecture: plan.network?.tree.architecture.name, tensorCount: plan.tensors.count, aliasCount: 0,
        byteCount: byteCount, contentID: nil, sourceSHA256: scan.file.hex, unused: plan.unused,
        skipped: checkpoint.skipped.map { ($0.path, $0.reason) }, goldens: [])
    }
    goldens.add(to: &contents)
    if !options.replacesExisting, let existing = UpToDate.file(output, contents, goldens.bytes) {
      return ConversionSummary(
        architecture: plan.network?.tree.architecture.name, tensorCount: plan.tensors.count,
        aliasCount: existing.tensors.count { $0.aliasOf != nil }, byteCount: existing.byteCount,
        contentID: existing.contentID(using: SystemDigests()).map { "swt1:\($0.hex)" },
        sourceSHA256: scan.file.hex, unused: plan.unused,
        skipped: checkpoint.skipped.map { ($0.path, $0.reason) }, goldens: goldens.names, wasUpToDate: true)
    }
    return try write(contents, plan, goldens, scan, checkpoint, input, output, options)
  }

  private static func write(
    _ contents: SWTContents, _ plan: ConversionPlan, _ goldens: EmbeddedGoldens, _ scan: SourceScan.Result,
    _ checkpoint: Checkpoint, _ input: String, _ output: String, _ options: ConversionOptions
  ) throws(ConversionFailure) -> ConversionSummary {
    let result: SWTWriteResult
    do {
      let writer = try SWTWriter(
        contents, to: output, digests: SystemDigests(), replaceExisting: options.replacesExisting)
      for (index, tensor) in plan.tensors.enumerated() where writer.aliasOf(index) == nil {
        try tensor.entry.forEachWindow(limits: options.limits) { (window: [UInt8]) throws(SWTWriteError) in
          try writer.append(window, to: index)
        }
      }
      for (index, bytes) in goldens.bytes.enumerated() {
        let place = plan.tensors.count + index
        guard writer.aliasOf(place) == nil else { continue }
        try writer.append(bytes, to: place)
      }
      result = try writer.finish()
    } catch let error as SWTWriteError {
      throw Self.failure(error, output)
    } catch {
      throw failure(error, input)
    }
    return ConversionSummary(
      architecture: plan.network?.tree.architecture.name, tensorCount: plan.tensors.count,
      aliasCount: result.aliasCount, byteCount: result.byteCount, contentID: "swt1:\(result.contentID.hex)",
      sourceSHA256: scan.file.hex, unused: plan.unused,
      skipped: checkpoint.skipped.map { ($0.path, $0.reason) }, goldens: goldens.names)
  }

  private static func failure(_ error: any Error, _ input: String) -> ConversionFailure {
    if let failure = error as? ParseFailure { return .input(file: input, failure) }
    return .input(file: input, ParseFailure(.unsupported("\(error)")))
  }

  private static func failure(_ error: SWTWriteError, _ output: String) -> ConversionFailure {
    switch error {
    case .file(let failure):
      .output(
        file: output, "\(failure)", hint: failure.isExisting ? "--force replaces it" : nil)
    case .contents(let error): .output(file: output, "\(error)", hint: nil)
    }
  }
}

extension SWTWriter {
  /// Appends an array.
  func append(_ bytes: [UInt8], to index: Int) throws(SWTWriteError) {
    let copy = ContiguousArray(bytes)
    try unsafe append(copy.span.bytes, to: index)
  }
}
