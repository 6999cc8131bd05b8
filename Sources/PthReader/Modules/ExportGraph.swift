internal import SWTBytes
internal import SWTTensorFiles

/// The graph of a `.pt2` archive, by the modules that its nodes come from.
///
/// Source: torch/_export/serde/schema.py.
struct ExportGraph {
  private(set) var modules: [ModuleRecord] = []
  private var places: [String: Int] = [:]

  /// - Parameter document: `models/NAME.json`.
  init(_ document: JSONValue) {
    guard let module = document["graph_module"], let nodes = module["graph"]?["nodes"]?.array else { return }
    var parameters: [String: String] = [:]
    for spec in module["signature"]?["input_specs"]?.array ?? [] {
      guard let parameter = spec["parameter"], let argument = parameter["arg"]?["name"]?.string,
        let name = parameter["parameter_name"]?.string
      else { continue }
      parameters[argument] = name
    }
    for node in nodes { add(node, parameters) }
  }

  private mutating func add(_ node: JSONValue, _ parameters: [String: String]) {
    guard let target = node["target"]?.string else { return }
    let stack = Self.stack(node["metadata"]?["nn_module_stack"]?.string ?? "")
    for (name, type) in stack where places[name] == nil {
      places[name] = modules.count
      modules.append(ModuleRecord(name: name, type: type))
    }
    let function = Self.function(target)
    var values: [String: ModuleValue] = [:]
    var owner = stack.last?.name ?? ""
    for input in node["inputs"]?.array ?? [] {
      guard let name = input["name"]?.string, let argument = input["arg"] else { continue }
      if name == "weight", let tensor = argument["as_tensor"]?["name"]?.string,
        let parameter = parameters[tensor], parameter.hasSuffix(".weight")
      {
        owner = String(parameter.dropLast(".weight".count))
      }
      values[name] = Self.value(argument)
    }
    let place: Int
    if let known = places[owner] {
      place = known
    } else {
      place = modules.count
      places[owner] = place
      modules.append(ModuleRecord(name: owner, type: ""))
    }
    modules[place].add(call: function, named: values)
  }

  /// `torch.ops.aten.conv2d.default` -> `conv2d`.
  private static func function(_ target: String) -> String {
    let parts = target.split(separator: ".")
    return parts.count > 2 && parts.starts(with: ["torch", "ops"])
      ? String(parts.count > 4 ? parts[3] : parts[parts.count - 1]) : parts.last.map(String.init) ?? ""
  }

  /// `key,path,class;key,path,class`, outermost first.
  private static func stack(_ text: String) -> [(name: String, type: String)] {
    text.split(separator: ";").prefix(64).compactMap { entry in
      let parts = entry.split(separator: ",", omittingEmptySubsequences: false)
      guard parts.count >= 3 else { return nil }
      return (name(parts[parts.count - 2]), String(parts[parts.count - 1]))
    }
  }

  /// `L['self'].layer1[0].conv1` and `layer1.0.conv1` -> `layer1.0.conv1`.
  private static func name(_ path: Substring) -> String {
    var name = ""
    for character in path {
      switch character {
      case "[": name.append(".")
      case "]", "'", "\"": break
      default: name.append(character)
      }
    }
    let parts = name.split(separator: ".").filter { $0 != "_modules" }
    return (parts.starts(with: ["L", "self"]) ? parts.dropFirst(2) : parts[...]).joined(separator: ".")
  }

  private static func value(_ argument: JSONValue) -> ModuleValue {
    if let value = argument["as_bool"]?.bool { return .bool(value) }
    if let value = argument["as_int"]?.int { return .int(value) }
    if let value = argument["as_float"]?.double { return .float(value) }
    if let value = argument["as_string"]?.string { return .text(value) }
    if argument["as_none"] != nil { return .none }
    if let values = argument["as_ints"]?.array, values.count <= ModuleValue.longestList {
      return .list(values.map { $0.int.map { .int($0) } ?? .other })
    }
    return .other
  }
}
