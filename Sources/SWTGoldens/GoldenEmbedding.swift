package import SWT
internal import SWTBytes
internal import SWTTensorFiles
internal import SWTTensors

/// Goldens embedded in a `.swt` file, which make the file self-verifying.
///
/// The tensors of a golden are stored as `golden/<set>/<name>`, its metadata as JSON under
/// `golden.<index>.metadata`; the GSET and GOLD records repeat what a minimal reader needs. Reading returns
/// exactly the golden that was embedded.
package struct GoldenEmbedding {
  /// Tensors to append after those of the network, in order.
  package private(set) var specs: [SWTTensorSpec] = []
  package private(set) var bytes: [[UInt8]] = []
  package private(set) var sets: [SWTGoldenSet] = []
  package private(set) var metadata: [String: SWTValue] = [:]
  private let firstIndex: Int
  /// Names of the sets already in the file.
  private let taken: [String]

  /// - Parameter contents: The file to which goldens are added.
  package init(to contents: SWTContents) {
    firstIndex = contents.tensors.count
    taken = contents.goldenSets.map(\.name)
  }

  /// Names of the sets added so far.
  package var names: [String] { sets.map(\.name) }

  package mutating func add(_ golden: Golden) {
    let set = uniqueName(golden.name.isEmpty ? "golden" : golden.name)
    var places: [String: Int] = [:]
    func place(_ name: String, _ data: TensorData, _ role: SWTRole) {
      places[name] = firstIndex + specs.count
      specs.append(
        SWTTensorSpec(
          name: "\(SWTFormat.goldenPrefix)\(set)/\(name)", dtype: SWTDType(data.type), shape: data.shape,
          role: role))
      bytes.append(data.bytes)
    }
    for tensor in golden.tensors { place(tensor.name, tensor.data, Self.role(tensor.name)) }
    // For readers without formulas the input is stored too; reading the golden back drops it again.
    if places["input"] == nil {
      place("input", TensorData(shape: golden.input.shape, floats: golden.input.floats()), .goldenInput)
    }
    let members = golden.metadata.pairs.map { JSONMember($0.key, .string($0.value)) }
    metadata["golden.\(taken.count + sets.count).metadata"] = .json(JSONValue.object(members).text())
    metadata["gold.producer"] = .text(golden.producer)
    sets.append(
      SWTGoldenSet(name: set, inputTensor: places["input"], vectors: Self.vectors(golden, places)))
  }

  private static func role(_ name: String) -> SWTRole {
    if name == "input" { return .goldenInput }
    return name.hasPrefix("tap.") ? .goldenProbe : .goldenOutput
  }

  /// One record for the output and one per tap.
  private static func vectors(_ golden: Golden, _ places: [String: Int]) -> [SWTGoldenVector] {
    var vectors: [SWTGoldenVector] = []
    func add(
      _ name: String, _ kind: SWTGoldenVector.Kind, _ place: Int?, seed: UInt64 = 0, top1: Int? = nil
    ) {
      guard let place else { return }
      let floor = golden.floors.free[name]
      vectors.append(
        SWTGoldenVector(
          name: name, kind: kind, input: .stored, inputShape: golden.input.shape, expectedTensor: place,
          sampleSeed: seed, floorRelL2: Float(floor?.relL2 ?? 0), floorMax: Float(floor?.maxOverStd ?? 0),
          k: Float(golden.k), expectedTop1: top1))
    }
    let output = golden.output.name
    add(
      output, .output, places["\(output)_f64"] ?? places["\(output)_f32"],
      top1: golden.input.shape.first == 1 ? golden.labelsTop5.first?.first : nil)
    for tap in golden.taps {
      switch tap.values {
      case .full: add(tap.name, .output, places["tap.\(tap.name)"])
      case .sampled(let seed, _): add(tap.name, .probe, places["tap.\(tap.name).values"], seed: seed)
      }
    }
    return vectors
  }

  private func uniqueName(_ name: String) -> String {
    let clean = String(
      name.map { $0.isASCII && ($0.isLetter || $0.isNumber || "-_.".contains($0)) ? $0 : "-" })
    let names = Set(taken + names)
    guard names.contains(clean) else { return clean }
    var number = 2
    while names.contains("\(clean)-\(number)") { number += 1 }
    return "\(clean)-\(number)"
  }
}

extension Golden {
  /// The goldens in a file, in file order.
  ///
  /// - Throws: ``GoldenFailure`` if one contradicts itself or is damaged.
  package static func embedded(in file: SWTFile) throws(GoldenFailure) -> [(set: String, golden: Golden)] {
    var goldens: [(String, Golden)] = []
    for (number, set) in file.goldenSets.enumerated() {
      guard case .json(let text)? = file.metadata("golden.\(number).metadata") else {
        throw .inconsistent("set \(set.name) has no golden.\(number).metadata")
      }
      let metadata: OrderedStrings
      do throws(ParseFailure) {
        metadata = try strings(text)
      } catch {
        throw .damaged(error)
      }
      goldens.append(
        (set.name, try Golden(metadata: metadata, tensors: try tensors(set.name, file, metadata))))
    }
    return goldens
  }

  private static func strings(_ text: String) throws(ParseFailure) -> OrderedStrings {
    guard let members = try JSONValue.parse(Array(text.utf8)).members else {
      throw ParseFailure(.invalid("the golden metadata are not a JSON object"))
    }
    var pairs: [(String, String)] = []
    for member in members {
      guard let value = member.value.string else {
        throw ParseFailure(.invalid("the golden metadata \(member.key) is not a string"))
      }
      pairs.append((member.key, value))
    }
    return OrderedStrings(pairs)
  }

  private static func tensors(
    _ set: String, _ file: SWTFile, _ metadata: OrderedStrings
  ) throws(GoldenFailure) -> [Stored] {
    let prefix = "\(SWTFormat.goldenPrefix)\(set)/"
    var stored: [Stored] = []
    for info in file.tensors where info.name.hasPrefix(prefix) {
      let name = String(info.name.dropFirst(prefix.count))
      if name == "input", metadata["input_formula"] != nil { continue }
      guard let type = info.dtype?.scalarType else { throw .unsupported("\(info.name) has an unknown type") }
      do {
        try file.verifyData(info.index)
        let view = try file.view(info.index)
        let bytes = unsafe view.withUnsafeBytes { unsafe Array($0) }
        stored.append(Stored(name: name, try TensorData(type: type, shape: info.shape, bytes: bytes)))
      } catch let error as SWTError {
        throw .damaged(ParseFailure(.checksum("\(error)")))
      } catch {
        throw .inconsistent("\(info.name): \(error)")
      }
    }
    return stored
  }
}
