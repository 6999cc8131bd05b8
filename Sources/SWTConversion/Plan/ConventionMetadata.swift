internal import ResNetArchitecture
internal import SWT
internal import SWTTensorFiles

// Conventions as metadata: `arch.…` keys have the decisions, these keys have their sources.

extension SettledConventions {
  /// `pre.…`, as far as known, and `source.conventions`.
  var metadata: [String: SWTValue] {
    var values: [String: SWTValue] = [:]
    var sources: [JSONMember] = []
    func note(_ name: String, _ source: ConventionSource?) {
      guard let source else { return }
      sources.append(JSONMember(name, .string(source.description)))
    }
    note("bn_eps", epsilon.source)
    note("channels", channels?.source)
    note("dilations", dilations.source)
    note("preprocessing", preprocessing?.source)
    note("stride_on", strideOn?.source)
    values["source.conventions"] = .json(JSONValue.object(sources).text())
    if let channels { values["pre.channels"] = .text(channels.value.rawValue) }
    if let preprocessing { values.merge(preprocessing.value.metadata) { _, new in new } }
    return values
  }
}

extension Preprocessing {
  /// The keys of FORMAT.md, section 7.
  var metadata: [String: SWTValue] {
    var values: [String: SWTValue] = [
      "pre.channels": .text(channels.rawValue), "pre.scale": .double(scale), "pre.mean": .doubles(mean),
      "pre.std": .doubles(standardDeviation),
    ]
    if let crop {
      values["pre.size"] = .integer(Int64(crop.size))
      values["pre.resize"] = .integer(Int64(crop.resize))
      values["pre.crop"] = .text("center")
      values["pre.interpolation"] = .text(crop.interpolation.rawValue)
      values["pre.antialias"] = .bool(true)
    }
    return values
  }
}

extension OfficialFile {
  /// Adds the name of the published file, and its license if that restricts use.
  func addMetadata(to values: inout [String: SWTValue]) {
    values["source.official"] = .text(name)
    if let license { values["license"] = .text(license) }
  }
}

/// The digits of the SHA-256 in a file's name.
enum OfficialName {
  /// A warning if the name has eight digits with which the SHA-256 does not start.
  static func warnings(path: String, sha256: String) -> [String] {
    let named = OfficialFile.find(path: path)
    guard let digits = named?.digits ?? OfficialFile.digits(inName: path), !sha256.hasPrefix(digits) else {
      return []
    }
    let what =
      named.map { "this is not the published \($0.name), or it is damaged" }
      ?? "by torch.hub's convention the name is of another file, or the file is damaged"
    return ["its SHA-256 starts with \(sha256.prefix(8)), but the name says \(digits): \(what)"]
  }
}
