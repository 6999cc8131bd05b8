internal import PthReader
internal import ResNetArchitecture
package import SWT
package import SWTBytes
internal import SWTDigests

/// What a new conversion of a source writes, with all digests: the measure for a weight file that is supposed to
/// come from it.
package struct PlannedFile: Sendable {
  let contents: SWTContents
  /// Names of conventions that the file states and the source does not have.
  let givenConventions: [String]
  private let path: String

  /// Converts the source again, with the options that the file states. Reads it once.
  ///
  /// - Parameters:
  ///   - path: The source: a checkpoint, or a weight file.
  ///   - key: Entry of a nested checkpoint.
  ///   - file: The weight file that is supposed to come from it.
  ///   - limits: Limits on the resources that the source may use.
  /// - Throws: ``ConversionFailure`` if the source cannot be read, names dangerous functions, is not a network,
  ///   has values that cannot be stored, or changes while it is read.
  package init(
    of path: String, key: String?, asStatedBy file: SWTFile, limits: ParseLimits
  ) throws(ConversionFailure) {
    do {
      var options = ConversionOptions(statedBy: file, limits: limits)
      options.key = key
      let source = try ConversionSource(path, options)
      if let stored = source.stored {
        // What was done to the source was done before.
        if stored.contents.metadata["arch.bn"] == .text("folded") { options.foldsBatchNorm = false }
        if stored.contents.metadata["convert.precision"] != nil { options.precision = nil }
      } else {
        options.conventions = Conventions(statedBy: file)
      }
      contents = try Self.draft(source, options, isPublished: file.metadata("source.official") != nil)
        .contents
      self.path = path
      givenConventions = options.conventions.names
    } catch {
      throw ConversionFailure(error, input: path)
    }
  }

  /// Compares a file with what a conversion would write.
  ///
  /// - Throws: ``ConversionFailure`` if the conversion's own result would violate the format.
  package func comparison(with file: SWTFile) throws(ConversionFailure) -> SourceComparison {
    do {
      return try SourceComparison(self, with: file)
    } catch {
      throw ConversionFailure(error, input: path)
    }
  }

  /// Whether a file is byte for byte what a conversion without golden tests would write: up to date.
  package func isIdentical(to file: SWTFile) -> Bool { contents.isFile(file, using: SystemDigests()) }

  private static func draft(
    _ source: ConversionSource, _ options: ConversionOptions, isPublished: Bool
  ) throws -> Draft {
    let mayBePublished =
      isPublished || OfficialFile.mayBe(path: source.path, byteCount: source.file.checkpoint.byteCount)
    do {
      return try draft(source, options, official: mayBePublished ? source.published() : nil)
    } catch let news as UnexpectedlyPublished {
      return try draft(source, options, official: news.file)
    }
  }

  /// The conversion's draft, with receipts and scales.
  private static func draft(
    _ source: ConversionSource, _ options: ConversionOptions, official: OfficialFile?
  ) throws -> Draft {
    var job = try ConversionJob(source, options, official: official, requiresLayers: false)
    try job.measure()
    return job.draft
  }
}
