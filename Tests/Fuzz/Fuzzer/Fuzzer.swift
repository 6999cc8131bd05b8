internal import CFuzzer
internal import FuzzTargets

#if canImport(Darwin)
  internal import Darwin
#elseif canImport(Glibc)
  internal import Glibc
#endif

// One binary for all targets: PTH2SWT_FUZZ names the one to run.

private let target: FuzzTarget = {
  guard let name = unsafe getenv("PTH2SWT_FUZZ"),
    let target = unsafe FuzzTarget(rawValue: String(cString: name))
  else { fatalError("PTH2SWT_FUZZ is one of \(FuzzTarget.allCases.map(\.rawValue).joined(separator: ", "))") }
  return target
}()

/// libFuzzer's entry point for one input.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOneInput(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  target.run(unsafe Array(UnsafeBufferPointer(start: data, count: count)))
  return 0
}

/// libFuzzer's hook for mutating an input: pickles are mutated by opcode two times out of three.
@_cdecl("LLVMFuzzerCustomMutator")
public func mutate(_ data: UnsafeMutablePointer<UInt8>?, _ count: Int, _ maximum: Int, _ seed: UInt32) -> Int
{
  guard let data = unsafe data else { return 0 }
  guard target == .pickle, seed % 3 != 0 else { return unsafe LLVMFuzzerMutate(data, count, maximum) }
  var mutator = PickleMutator(seed: seed)
  let changed = mutator.mutate(unsafe Array(UnsafeBufferPointer(start: data, count: count)))
  let size = min(changed.count, maximum)
  for i in 0..<size { unsafe data[i] = changed[i] }
  return size
}
