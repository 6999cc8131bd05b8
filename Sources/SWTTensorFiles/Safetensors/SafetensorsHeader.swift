internal import SWTBytes
internal import SWTTensors

/// Validates the entries of a safetensors header against the data.
struct SafetensorsHeader {
  /// Number of bytes after the header.
  let dataCount: Int
  let dataOffset: Int
  let limits: ParseLimits

  /// `__metadata__`, which must map strings to strings.
  func metadata(_ value: JSONValue) throws(ParseFailure) -> OrderedStrings {
    guard let members = value.members else {
      throw ParseFailure(.invalid("__metadata__ is not a JSON object"), at: 8)
    }
    var metadata = OrderedStrings()
    for member in members {
      guard let text = member.value.string else {
        throw ParseFailure(
          .invalid("the value is not a string"), at: 8, in: ["__metadata__", member.key])
      }
      metadata[member.key] = text
    }
    return metadata
  }

  /// A tensor, readable or not.
  enum Row {
    case tensor(SafetensorsFile.Entry)
    case foreign(SafetensorsFile.Foreign)
  }

  func entry(_ member: JSONMember) throws(ParseFailure) -> Row {
    do {
      return try checked(member)
    } catch {
      throw error.inside("tensor \(member.key)")
    }
  }

  private func checked(_ member: JSONMember) throws(ParseFailure) -> Row {
    for field in member.value.members ?? [] where !["dtype", "shape", "data_offsets"].contains(field.key) {
      throw ParseFailure(.invalid("a field other than dtype, shape and data_offsets"), at: 8)
    }
    guard let typeName = member.value["dtype"]?.string, let sizes = member.value["shape"]?.array,
      let offsets = member.value["data_offsets"]?.array, offsets.count == 2,
      let start = offsets[0].int, let end = offsets[1].int
    else {
      throw ParseFailure(.invalid("dtype, shape or data_offsets is missing or has the wrong type"), at: 8)
    }
    guard let fileType = SafetensorsType(rawValue: typeName) else {
      throw ParseFailure(.unsupported("the dtype \(JSONValue.string(typeName).text())"), at: 8)
    }
    try limits.check(.rank, sizes.count, at: 8)
    var shape: [Int] = []
    for size in sizes {
      guard let size = size.int, size >= 0 else {
        throw ParseFailure(.invalid("the shape has a dimension that is not a non-negative integer"), at: 8)
      }
      shape.append(size)
    }
    let count = try Checked.product(shape, "element count")
    let bits = try Checked.multiply(count, fileType.bitWidth, "tensor size")
    guard bits.isMultiple(of: 8) else {
      throw ParseFailure(.invalid("\(count) elements of \(typeName) do not fill whole bytes"), at: 8)
    }
    let needed = bits / 8
    guard start >= 0, end >= start, end <= dataCount else {
      throw ParseFailure(
        .invalid("data_offsets \(start) to \(end), but there are \(dataCount) bytes of data"), at: 8)
    }
    guard end - start == needed else {
      throw ParseFailure(.invalid("\(end - start) bytes of data for a tensor of \(needed) bytes"), at: 8)
    }
    let range = dataOffset + start..<dataOffset + end
    guard let type = fileType.scalarType else {
      return .foreign(
        SafetensorsFile.Foreign(
          name: member.key, reason: "\(typeName), a type that PyTorch lacks", range: range))
    }
    if fileType.packing > 1 {
      // Rows of an odd number of elements share bytes; PyTorch packs elements of one row.
      guard let last = shape.last, last.isMultiple(of: fileType.packing) else {
        return .foreign(
          SafetensorsFile.Foreign(
            name: member.key, reason: "\(typeName) of shape \(shape), whose rows share bytes", range: range))
      }
      shape[shape.count - 1] = last / fileType.packing
    }
    return .tensor(SafetensorsFile.Entry(name: member.key, type: type, shape: shape, range: range))
  }

  /// Every byte of the data belongs to exactly one tensor.
  func requireCoverage(_ tensors: [(name: String, range: Range<Int>)]) throws(ParseFailure) {
    var covered = dataOffset
    let inOrder = tensors.sorted {
      ($0.range.lowerBound, $0.range.upperBound) < ($1.range.lowerBound, $1.range.upperBound)
    }
    for (name, range) in inOrder {
      let start = range.lowerBound
      guard start == covered else {
        let what = start < covered ? "overlaps the previous tensor" : "leaves unused bytes before it"
        throw ParseFailure(.invalid(what), at: start, in: ["tensor \(name)"])
      }
      covered = range.upperBound
    }
    let unused = dataOffset + dataCount - covered
    guard unused == 0 else {
      throw ParseFailure(.invalid("\(unused) bytes belong to no tensor"), at: covered)
    }
  }
}
