internal import PthReader
internal import ResNetArchitecture
package import SWT
package import SWTBytes
internal import SWTDigests

/// What a new conversion of a source writes, with all digests: the measure for a weight file that is supposed to
/// come from it.
package struct PlannedFile: Sendable {
  let contents: SWTContents
  /// What the file states of its function and the source does not prove.
  let claims: [String]
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
        options.takeConventions(statedBy: file)
      }
      contents = try Self.draft(source, &options, file).contents
      self.path = path
      var claims = options.conventions.names.sorted().map { "convention \($0), given as an option" }
      // A golden in the file is checked by itself.
      if let golden = options.settled, !file.goldenSets.contains(where: { $0.name == golden.name }) {
        claims.append("what golden \(golden.name) settled, which is not in the file")
      }
      self.claims = claims
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

  /// The conversion's draft; where several networks are, and no key was given, of the one that the file is said
  /// to come from.
  private static func draft(
    _ source: ConversionSource, _ options: inout ConversionOptions, _ file: SWTFile
  ) throws -> Draft {
    let isPublished = file.metadata("source.official") != nil
    do {
      return try draft(source, options, isPublished: isPublished)
    } catch let failure as ConversionFailure {
      guard options.key == nil, failure.kind == .architecture,
        case .text(let prefix) = file.metadata("source.prefix"), !prefix.isEmpty
      else { throw failure }
      options.key = String(prefix.dropLast())
      return try draft(source, options, isPublished: isPublished)
    }
  }

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
