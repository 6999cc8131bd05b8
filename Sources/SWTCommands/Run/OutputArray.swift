internal import ResNetEngine
internal import SWTTensorFiles
internal import SWTTensors

/// An array that `run` writes.
struct OutputArray {
  let name: String
  let data: TensorData
  /// What the integers of a quantized network mean; nil for real numbers.
  var numbers: QuantizationNumbers?

  var json: JSONValue {
    var members = [
      JSONMember("name", .string(name)), JSONMember("shape", .array(data.shape.map { .int($0) })),
      JSONMember("dtype", .string(data.type.rawValue)),
    ]
    if let numbers {
      members.append(JSONMember("scale", .double(Double(numbers.scale))))
      members.append(JSONMember("zero_point", .int(Int(numbers.zero))))
    }
    return .object(members)
  }

  /// `conv1 [1, 64, 112, 112]`, and for integers what they mean.
  var summary: String {
    let text = "\(name) \(data.shape)"
    guard let numbers else { return text }
    return text + " \(data.type.rawValue), scale \(numbers.scale), zero point \(numbers.zero)"
  }
}
