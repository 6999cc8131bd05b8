internal import SWTBytes
internal import SWTChecksums
internal import SWTTensorFiles
internal import SWTTensors

/// Numbers in metadata, which are text.
extension GoldenFields {
  /// Non-negative integers, such as `3,4,6,3`; nil for anything else.
  static func integers(_ text: some StringProtocol) -> [Int]? {
    var numbers: [Int] = []
    for part in text.split(separator: ",", omittingEmptySubsequences: false) {
      guard let number = Int(part), number >= 0 else { return nil }
      numbers.append(number)
    }
    return numbers
  }

  func integer(
    _ key: String, in range: ClosedRange<Int>, default fallback: Int
  ) throws(GoldenFailure) -> Int {
    guard let text = metadata[key] else { return fallback }
    guard let value = Int(text), range.contains(value) else { throw .inconsistent("\(key) is \(text)") }
    return value
  }

  /// A finite number; nil if the key is missing.
  func double(_ key: String) throws(GoldenFailure) -> Double? {
    guard let text = metadata[key] else { return nil }
    guard let value = Double(text), value.isFinite else { throw .inconsistent("\(key) is \(text)") }
    return value
  }

  func tolerance() throws(GoldenFailure) -> Double {
    let k = try double("tolerance.k") ?? 8
    guard k > 0 else { throw .inconsistent("tolerance.k is \(k)") }
    return k
  }

  func floors() throws(GoldenFailure) -> GoldenFloors {
    var floors = GoldenFloors()
    let suffix = ".rel_l2"
    for pair in metadata.pairs where pair.key.hasPrefix("floor.") && pair.key.hasSuffix(suffix) {
      let stem = String(pair.key.dropLast(suffix.count))
      guard let relL2 = try double(pair.key), let most = try double("\(stem).max"), relL2 >= 0, most >= 0
      else {
        throw .inconsistent("\(stem) needs a rel_l2 and a max, both at least 0")
      }
      let floor = Golden.Floor(relL2: relL2, maxOverStd: most)
      let path = stem.split(separator: ".").dropFirst()
      let kind = path.first.map(String.init) ?? ""
      let rest = path.dropFirst().joined(separator: ".")
      if kind == "block" {
        floors.block[rest] = floor
      } else if GoldenFloors.precisions.contains(kind) {
        floors.precision[kind, default: [:]][rest] = floor
      } else {
        floors.free[path.joined(separator: ".")] = floor
      }
    }
    return floors
  }

  func digests() throws(GoldenFailure) -> [ExactString: SHA256Digest] {
    var digests: [ExactString: SHA256Digest] = [:]
    for pair in metadata.pairs where pair.key.hasPrefix("digest.") {
      digests[ExactString(String(pair.key.dropFirst("digest.".count)))] = try digest(pair.key)
    }
    return digests
  }

  func digest(_ key: String) throws(GoldenFailure) -> SHA256Digest? {
    guard let text = metadata[key] else { return nil }
    guard let digest = SHA256Digest(hex: text) else { throw .inconsistent("\(key) is not a SHA-256") }
    return digest
  }

  /// Float32 values, all finite.
  func floats(_ name: String, _ data: TensorData) throws(GoldenFailure) -> [Float] {
    guard data.type == .float32 else { throw .inconsistent("\(name) is \(data.type.rawValue), not float32") }
    let values = try reading { () throws(ParseFailure) in try data.floats() }
    guard values.allSatisfy(\.isFinite) else { throw .inconsistent("\(name) has values that are not finite") }
    return values
  }

  func reading<T>(_ body: () throws(ParseFailure) -> T) throws(GoldenFailure) -> T {
    do {
      return try body()
    } catch {
      throw .damaged(error)
    }
  }
}
