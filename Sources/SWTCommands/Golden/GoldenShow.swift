internal import ResNetArchitecture
internal import ResNetModel
internal import SWT
internal import SWTBytes
internal import SWTChecksums
internal import SWTConsole
internal import SWTGoldens
internal import SWTReports
internal import SWTTensorFiles

/// `golden show`: shows golden files, the goldens of a weight file, or arrays.
struct GoldenShow {
  let paths: [String]
  let network: GoldenNetwork?
  let json: Bool
  let limits: ParseLimits

  init(_ arguments: Arguments) throws(UsageError) {
    paths = Array(arguments.operands.dropFirst())
    guard !paths.isEmpty else { throw UsageError("golden show needs FILE") }
    network = GoldenNetwork(arguments)
    json = arguments.has("json")
    limits = try arguments.limits()
  }

  func run(_ console: Console) throws(CommandFailure) {
    let goldens = try Self.read(paths, network, limits)
    guard json else {
      for golden in goldens { console.write(Self.text(golden)) }
      return
    }
    let document: JSONValue = [
      "schema": "pth2swt.golden/1", "file": .string(paths[0]), "goldens": .array(goldens.map(Self.json)),
    ]
    console.document(document.text(pretty: true) + "\n")
  }

  /// The goldens in golden files and weight files, or of arrays if the network is known.
  static func read(
    _ paths: [String], _ network: GoldenNetwork?, _ limits: ParseLimits
  ) throws(CommandFailure) -> [Golden] {
    if let network { return try network.read(paths, limits: limits).map(\.golden) }
    var goldens: [Golden] = []
    for path in paths {
      do {
        if try OpenFile.isWeights(path) {
          goldens += try Golden.embedded(in: try OpenFile.weights(path)).map(\.golden)
        } else {
          goldens.append(try GoldenFile.read(FileSource(path: path), limits: limits))
        }
      } catch let failure as CommandFailure {
        throw failure
      } catch let failure as ParseFailure {
        throw CommandFailure(reading: path, failure)
      } catch {
        let isForeign = if case GoldenFailure.notAGolden = error { true } else { false }
        throw CommandFailure(
          .goldenUnusable, file: path, "\(error)",
          hint: isForeign ? "arrays of other programs need --model MODEL.swt or --arch NAME" : nil)
      }
    }
    return goldens
  }

  private static func text(_ golden: Golden) -> String {
    var rows: [[String]] = []
    func row(_ key: String, _ value: String) { rows.append([key, Text.printable(value)]) }
    row("kind", kind(golden.kind))
    row("network", golden.architecture.summary)
    row("producer", golden.producer)
    let formula: String? = if case .formula(let formula) = golden.input.values { formula.text } else { nil }
    row("input", "\(golden.input.shape)\(formula.map { ", from the formula \($0)" } ?? "")")
    let reference = golden.output.isFloat32Only ? "float32" : "float64"
    row("output", "\(golden.output.name) \(golden.output.shape), \(reference)")
    if let floor = golden.floors.free[golden.output.name] {
      row(
        "floor",
        "relL2 \(Text.scientific(floor.relL2)), max \(Text.scientific(floor.maxOverStd)) standard deviations")
    } else {
      row("floor", "none: uncalibrated, so the default bound is used")
    }
    for precision in golden.floors.precision.keys.sorted() {
      guard let floor = golden.floors.precision[precision]?[golden.output.name] else { continue }
      row("floor \(precision)", "relL2 \(Text.scientific(floor.relL2))")
    }
    row("tolerance", "\(Text.fixed(golden.k, 1)) floors")
    let full = golden.taps.filter(\.isFull).count
    row("layers", "\(golden.taps.count), \(full) of them in full")
    if !golden.labelsTop5.isEmpty {
      row(
        "top 5", golden.labelsTop5.map { $0.map(String.init).joined(separator: " ") }.joined(separator: " · ")
      )
    }
    row("weights", golden.digests.isEmpty ? "not recorded" : "digests of \(golden.digests.count) tensors")
    if let digest = golden.weightsDigest { row("digest", digest.hex) }
    row("preprocess", golden.preprocess)
    let name = Text.printable(golden.name.isEmpty ? "(no name)" : golden.name)
    return Text.table([[name, ""]] + rows.map { ["  " + $0[0], $0[1]] })
  }

  private static func kind(_ kind: String) -> String {
    switch kind {
    case "reference": "reference: computed by another implementation"
    case "imported": "imported: arrays of another program, uncalibrated"
    case "self": "self: made by pth2swt, so it does not prove a port correct"
    default: kind
    }
  }

  static func json(_ golden: Golden) -> JSONValue {
    [
      "name": .string(golden.name), "kind": .string(golden.kind), "producer": .string(golden.producer),
      "architecture": golden.architecture.json(family: nil),
      "input_shape": .array(golden.input.shape.map { .int($0) }),
      "output": .string(golden.output.name), "output_shape": .array(golden.output.shape.map { .int($0) }),
      "calibrated": .bool(golden.floors.free[golden.output.name] != nil),
      "floor_rel_l2": golden.floors.free[golden.output.name].map { .double($0.relL2) } ?? .null,
      "floor_max": golden.floors.free[golden.output.name].map { .double($0.maxOverStd) } ?? .null,
      "k": .double(golden.k),
      "labels_top5": .array(golden.labelsTop5.map { .array($0.map { .int($0) }) }),
      "taps": .array(
        golden.taps.map {
          ["name": .string($0.name), "shape": .array($0.shape.map { .int($0) }), "full": .bool($0.isFull)]
        }),
      "digests": .int(golden.digests.count),
      "metadata": .object(golden.metadata.pairs.map { JSONMember($0.key, .string($0.value)) }),
    ]
  }
}
