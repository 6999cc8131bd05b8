internal import SWTBytes
internal import SWTConsole
internal import SWTTensorFiles

/// Which checkpoint each of several weight files came from.
struct FleetSources {
  private var byIdentity: [FileIdentity: String] = [:]
  private var byPath: [ExactString: String] = [:]

  /// The name under which the report of a fleet is looked for beside its outputs.
  static let reportName = "fleet.json"

  /// - Parameters:
  ///   - given: The value of `--source`: a report of `convert --json`, or a folder of checkpoints; nil for the
  ///     reports called `fleet.json` in the folders of `operands`.
  ///   - operands: Weight files and folders.
  /// - Throws: ``CommandFailure`` if a source cannot be read, or is a single checkpoint.
  init(_ given: String?, _ operands: [String]) throws(CommandFailure) {
    if let given {
      if Folder.exists(given) {
        for operand in operands {
          let folder = Folder.exists(operand) ? operand : Folder.parent(of: operand)
          for item in try FleetPlan([given], into: folder).items { add(item.output, item.input) }
        }
      } else {
        try read(given)
      }
      return
    }
    var seen: Set<ExactString> = []
    for operand in operands {
      let folder = Folder.exists(operand) ? operand : Folder.parent(of: operand)
      let path = Folder.join(folder, Self.reportName)
      guard seen.insert(ExactString(path)).inserted, Folder.kind(path) != nil else { continue }
      try read(path)
    }
  }

  /// The checkpoint of a weight file; nil if it is not known.
  func source(of file: String) -> String? {
    if let identity = FileIdentity(file), let source = byIdentity[identity] { return source }
    return byPath[ExactString(file)]
  }

  private mutating func add(_ output: String, _ input: String) {
    byPath[ExactString(output)] = input
    if let identity = FileIdentity(output) { byIdentity[identity] = input }
  }

  private mutating func read(_ path: String) throws(CommandFailure) {
    let document: JSONValue
    do throws(ParseFailure) {
      let source = try FileSource(path: path)
      try ParseLimits().check(.jsonBytes, source.byteCount)
      document = try JSONValue.parse(try source.bytes(at: 0, count: source.byteCount))
    } catch {
      throw CommandFailure(
        .inputUnreadable, file: path, "not a report of convert: \(error)",
        hint: "with several weight files, --source is what convert --json printed, or a folder of checkpoints"
      )
    }
    guard document["schema"]?.string == "pth2swt.convert-fleet/1", let files = document["files"]?.array else {
      throw CommandFailure(
        .inputUnreadable, file: path, "it has another schema than pth2swt.convert-fleet/1",
        hint: "convert --json prints such a report for several inputs")
    }
    let folder = Folder.parent(of: path)
    for file in files {
      guard let input = file["input"]?.string, let output = file["output"]?.string,
        ["converted", "up_to_date"].contains(file["status"]?.string ?? "")
      else { continue }
      add(Self.resolve(output, folder), Self.resolve(input, folder))
    }
  }

  /// Relative paths start where convert ran; if nothing is there, at the folder of the report.
  private static func resolve(_ path: String, _ folder: String) -> String {
    let beside = Folder.join(folder, path)
    return path.hasPrefix("/") || Folder.kind(path) != nil || Folder.kind(beside) == nil ? path : beside
  }
}
