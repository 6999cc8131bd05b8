import ResNetArchitecture
import ResNetEngine
internal import SWTConsole

/// Known faults of ports, implemented independently of the code that finds them.
enum Fault: String, CaseIterable, Sendable {
  case epsilon1e3, epsilon1e6, epsilon0, samePadding, strideMoved, bgr, blocksExchanged, normsExchanged
  case meanAndBias, weightAndVariance, meanUnloaded, kernelTransposed, kernelRotated, groupOrder, filterZeroed
  case biasMissing, signFlipped, classesReversed

  /// The place of a fault and the expected report.
  struct Injection {
    let fault: Fault
    /// The changed layer or block; nil for the whole network.
    let layer: String?
    /// The expected stage.
    let stage: String
    /// Acceptable causes.
    let causes: [String]
    var weights: WeightTable
    var deviation = Deviation()
    var reversesInput = false
    /// Tensors that differ.
    var tensors: [String] = []
  }

  /// Whether the fault is not in the weights.
  var isOfComputation: Bool {
    [.epsilon1e3, .epsilon1e6, .epsilon0, .samePadding, .strideMoved].contains(self)
  }

  /// The fault in `network` in a random place; nil if the network has no such place.
  func inject(into network: SmallNetwork, _ random: inout Numbers) -> Injection? {
    let tree = network.tree
    let units = tree.convolutions
    func pick<T>(_ items: [T]) -> T? { items.isEmpty ? nil : items[random.next(below: items.count)] }
    func stage(_ layer: String) -> String {
      tree.blocks.first { layer == $0.name || layer.hasPrefix("\($0.name).") }?.name ?? layer
    }
    func change(
      _ layer: String, _ causes: [String], _ tensors: [String], _ body: (inout WeightTable) -> Void
    ) -> Injection {
      var weights = network.weights
      body(&weights)
      return Injection(
        fault: self, layer: layer, stage: stage(layer), causes: causes, weights: weights, tensors: tensors)
    }
    func deviate(_ stage: String, _ cause: String, _ body: (inout Deviation) -> Void) -> Injection {
      var injection = Injection(
        fault: self, layer: nil, stage: stage, causes: [cause], weights: network.weights)
      body(&injection.deviation)
      return injection
    }
    let leaves = ["weight", "bias", "running_mean", "running_var"]

    switch self {
    case .epsilon1e3: return deviate("conv1", "bn-eps") { $0.epsilon = 1e-3 }
    case .epsilon1e6: return deviate("conv1", "bn-eps") { $0.epsilon = 1e-6 }
    case .epsilon0: return deviate("conv1", "bn-eps") { $0.epsilon = 0 }
    case .samePadding: return deviate("conv1", "same-padding") { $0.padding = .same }
    case .strideMoved:
      guard let block = tree.blocks.first(where: { $0.body.count == 3 && $0.body[1].stride == 2 }) else {
        return nil
      }
      return deviate(block.name, "stride-moved") { $0.movesStride = true }
    case .bgr:
      var injection = change("conv1", ["bgr-input", "bgr-weights"], ["conv1.weight"]) { table in
        let area = 49
        for filter in 0..<tree.stem.outputChannels {
          for i in 0..<area {
            table.tensors["conv1.weight"]?.swapAt(filter * 3 * area + i, filter * 3 * area + 2 * area + i)
          }
        }
      }
      injection.reversesInput = true
      return injection
    case .blocksExchanged:
      let pairs = zip(tree.blocks, tree.blocks.dropFirst()).filter { a, b in
        a.convolutions.map(\.weightShape) == b.convolutions.map(\.weightShape)
      }
      guard let (a, b) = pick(pairs.map { ($0, $1) }) else { return nil }
      let names = network.weights.tensors.keys.filter { $0.hasPrefix("\(a.name).") }.sorted()
      let others = names.map { b.name + $0.dropFirst(a.name.count) }
      return change(a.name, ["blocks-exchanged"], names + others) { table in
        for (name, other) in zip(names, others) {
          (table.tensors[name], table.tensors[other]) = (table.tensors[other], table.tensors[name])
        }
      }
    case .normsExchanged:
      let blocks = tree.blocks.filter { $0.body[0].outputChannels == $0.body[1].outputChannels }
      guard let block = pick(blocks) else { return nil }
      let (a, b) = (block.body[0].normName, block.body[1].normName)
      return change(block.name, ["bn-exchanged"], leaves.flatMap { ["\(a).\($0)", "\(b).\($0)"] }) { table in
        for leaf in leaves {
          (table.tensors["\(a).\(leaf)"], table.tensors["\(b).\(leaf)"]) = (
            table.tensors["\(b).\(leaf)"], table.tensors["\(a).\(leaf)"]
          )
        }
      }
    case .meanAndBias, .weightAndVariance:
      guard let unit = pick(units) else { return nil }
      let pair = self == .meanAndBias ? ["running_mean", "bias"] : ["weight", "running_var"]
      let (a, b) = ("\(unit.normName).\(pair[0])", "\(unit.normName).\(pair[1])")
      return change(unit.name, ["bn-roles"], [a, b]) { table in
        (table.tensors[a], table.tensors[b]) = (table.tensors[b], table.tensors[a])
      }
    case .meanUnloaded:
      guard let unit = pick(units) else { return nil }
      let name = "\(unit.normName).running_mean"
      return change(unit.name, ["running-mean-unloaded"], [name]) { table in
        table.tensors[name] = ContiguousArray(repeating: 0, count: unit.outputChannels)
      }
    case .kernelTransposed, .kernelRotated:
      guard let unit = pick(units.filter { $0.kernel > 1 }) else { return nil }
      let (k, name) = (unit.kernel, "\(unit.name).weight")
      let isTransposed = self == .kernelTransposed
      return change(unit.name, [isTransposed ? "kernel-transposed" : "kernel-rotated"], [name]) { table in
        guard let old = table.tensors[name] else { return }
        for index in old.indices {
          let (start, y, x) = (index / (k * k) * k * k, index / k % k, index % k)
          table.tensors[name]?[index] = old[start + (isTransposed ? x * k + y : k * k - 1 - (y * k + x))]
        }
      }
    case .groupOrder:
      guard let unit = pick(units.filter { $0.groups > 1 && $0.outputChannels > $0.groups }) else {
        return nil
      }
      let name = "\(unit.name).weight"
      return change(unit.name, ["group-order"], [name]) { table in
        guard let old = table.tensors[name] else { return }
        let size = old.count / unit.outputChannels
        let each = unit.outputChannels / unit.groups
        for channel in 0..<unit.outputChannels {
          // Filter i of group g is in the place of filter g of "group" i.
          let target = channel % each * unit.groups + channel / each
          for i in 0..<size { table.tensors[name]?[target * size + i] = old[channel * size + i] }
        }
      }
    case .filterZeroed:
      guard let unit = pick(units) else { return nil }
      let name = "\(unit.name).weight"
      let filter = random.next(below: unit.outputChannels)
      return change(unit.name, ["filter-zeroed"], [name]) { table in
        let size = unit.weightShape.dropFirst().reduce(1, *)
        for i in 0..<size { table.tensors[name]?[filter * size + i] = 0 }
      }
    case .biasMissing:
      guard let head = tree.head else { return nil }
      return change("fc", ["fc-bias-missing"], ["fc.bias"]) { table in
        table.tensors["fc.bias"] = ContiguousArray(repeating: 0, count: head.outputFeatures)
      }
    case .signFlipped:
      guard let layer = pick(units.map(\.name) + ["fc"]) else { return nil }
      let name = "\(layer).weight"
      let place = random.next(below: network.weights.tensors[name]?.count ?? 1)
      return change(layer, ["weight-changed"], [name]) { $0.tensors[name]?[place].negate() }
    case .classesReversed:
      guard let head = tree.head else { return nil }
      return change("fc", ["classes-reversed"], ["fc.weight", "fc.bias"]) { table in
        guard let old = table.tensors["fc.weight"], let bias = table.tensors["fc.bias"] else { return }
        for row in 0..<head.outputFeatures {
          let from = (head.outputFeatures - 1 - row) * head.inputFeatures
          for i in 0..<head.inputFeatures {
            table.tensors["fc.weight"]?[row * head.inputFeatures + i] = old[from + i]
          }
        }
        table.tensors["fc.bias"] = ContiguousArray(bias.reversed())
      }
    }
  }
}
