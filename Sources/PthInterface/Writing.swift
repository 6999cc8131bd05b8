public import PthC
internal import PthWriter
internal import SWTBytes
internal import SWTTensors

@c @implementation
public func p2s_pth_write(
  _ path: UnsafePointer<CChar>?, _ tensors: UnsafePointer<p2s_pth_tensor>?,
  _ values: UnsafePointer<UnsafeRawPointer?>?, _ count: Int, _ error: UnsafeMutablePointer<CChar>?,
  _ error_size: Int
) -> CInt {
  guard let path = unsafe path else {
    unsafe report("no path", to: error, error_size)
    return 1
  }
  let name = unsafe String(cString: path)
  do {
    try PthWriter.write(try unsafe described(tensors, values, count), to: name)
    return 0
  } catch let failure as ParseFailure {
    unsafe report("\(name): \(failure)", to: error, error_size)
  } catch let failure {
    unsafe report("\(failure)", to: error, error_size)
  }
  return 1
}

/// Memory of the caller.
private struct Memory: Hashable {
  let address: UInt
  let byteCount: UInt64
}

/// The tensors as C describes them; those in the same memory share it.
private func described(
  _ tensors: UnsafePointer<p2s_pth_tensor>?, _ values: UnsafePointer<UnsafeRawPointer?>?, _ count: Int
) throws(ParseFailure) -> [PthWriter.Tensor] {
  guard count > 0 else { return [] }
  guard let tensors = unsafe tensors, let values = unsafe values else {
    throw ParseFailure(.invalid("\(count) tensors are announced, and the list is NULL"))
  }
  var owners: [Memory: Int] = [:]
  var list: [PthWriter.Tensor] = []
  for index in 0..<count {
    let (tensor, start) = unsafe (tensors[index], values[index])
    let memory = unsafe Memory(address: UInt(bitPattern: start), byteCount: tensor.nbytes)
    let owner = owners[memory] ?? index
    owners[memory] = owner
    list.append(try unsafe described(tensor, start, sharing: tensor.nbytes == 0 ? nil : owner, index))
  }
  return list
}

private func described(
  _ tensor: p2s_pth_tensor, _ values: UnsafeRawPointer?, sharing: Int?, _ index: Int
) throws(ParseFailure) -> PthWriter.Tensor {
  guard let name = unsafe text(tensor.name, tensor.name_length), let dtype = unsafe text(tensor.dtype, 0)
  else {
    throw ParseFailure(.invalid("tensor \(index) has no name or no dtype, or they are not UTF-8"))
  }
  guard let type = ScalarType(rawValue: dtype) else {
    throw ParseFailure(.unsupported("there is no dtype \(dtype)"), in: ["tensor \(name)"])
  }
  var shape: [Int] = []
  for place in 0..<(unsafe tensor.rank) {
    guard let sizes = unsafe tensor.dims, let size = unsafe Int(exactly: sizes[place]), size >= 0 else {
      throw ParseFailure(.invalid("a dimension is NULL or negative"), in: ["tensor \(name)"])
    }
    shape.append(size)
  }
  let layout = try StridedLayout(shape: shape, strides: StridedLayout.contiguousStrides(shape))
  let count = type.byteCount(elements: layout.elementCount)
  guard let count, unsafe UInt64(count) == tensor.nbytes, unsafe values != nil || count == 0 else {
    throw ParseFailure(
      .invalid("its type and shape need \(count ?? Int.max) bytes, and \(unsafe tensor.nbytes) are given"),
      in: ["tensor \(name)"])
  }
  // The caller's memory outlives the call, and so this closure.
  nonisolated(unsafe) let bytes = unsafe UnsafeRawBufferPointer(start: values, count: count)
  return PthWriter.Tensor(name: name, type: type, shape: shape, sharing: sharing) { sink in
    try sink(unsafe bytes.bytes)
  }
}

/// A string of C: of that length, or terminated if it is 0; nil if it is NULL or not UTF-8.
private func text(_ start: UnsafePointer<CChar>?, _ length: Int) -> String? {
  guard let start = unsafe start else { return nil }
  guard length > 0 else { return unsafe String(validatingCString: start) }
  return unsafe String(validating: UnsafeBufferPointer(start: start, count: length), as: UTF8.self)
}
