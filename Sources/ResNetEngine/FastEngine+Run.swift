internal import CKernels
internal import ResNetArchitecture
internal import SWTThreads

extension FastEngine {
  /// Runs some stages and keeps the wanted taps.
  func run(
    _ stages: Range<Int>, _ input: FeatureMap<Float>, _ taps: Set<String>
  ) throws -> ForwardResult<Float> {
    let last = plan.stages[stages.upperBound - 1]
    var wanted: [(name: String, step: Int, activation: Activation)] = []
    for tap in taps.sorted() {
      let (step, activation) = try activation(ofTap: tap, in: stages)
      wanted.append((tap, step, activation))
    }
    let batch = input.shape[0]
    var output = FeatureMap<Float>(shape: shape(last.output, of: last.name, batch))
    var maps: [String: FeatureMap<Float>] = [:]
    /// Lends a map for each tap from number `number` on, all at the same time, to the run.
    func lend(from number: Int, _ keeps: [Keep]) {
      if number == wanted.count { return unsafe run(stages, input, into: &output, taps: keeps) }
      let tap = wanted[number]
      var map = FeatureMap<Float>(shape: shape(tap.activation, of: tree.canonicalTap(tap.name), batch))
      unsafe map.values.withUnsafeMutableBufferPointer { values in
        guard let values = values.baseAddress else { return }
        unsafe lend(
          from: number + 1, keeps + [Keep(step: tap.step, activation: tap.activation, values: values)])
      }
      maps[tap.name] = map
    }
    unsafe lend(from: 0, [])
    return ForwardResult(output: output, taps: maps)
  }

  /// Runs some stages of the plan into an output of the right shape; without taps it allocates nothing once
  /// it has planned for a batch of that size.
  @unsafe
  func run(
    _ stages: Range<Int>, _ input: FeatureMap<Float>, into output: inout FeatureMap<Float>,
    taps: [Keep] = unsafe []
  ) {
    let batch = input.shape[0]
    let threads = threads.count
    // As many images as there are threads, or more, run side by side; what is left, one after the other.
    let together = batch > 1 && batch >= threads ? batch / threads * threads : 0
    if together > 0 { prepareBatch(batch) }
    unsafe input.values.withUnsafeBufferPointer { values in
      unsafe output.values.withUnsafeMutableBufferPointer { results in
        guard let values = values.baseAddress, let results = results.baseAddress else { return }
        if together > 0, let batchPlan, let batchArena {
          unsafe run(
            together,
            Parts(
              pass: Pass(
                calls: calls(batchPlan, batchArena, nil), stages: stages, input: values, output: results,
                taps: taps), arena: batchArena.base, arenaCount: batchPlan.arenaCount))
        }
        let pass = unsafe Pass(
          calls: calls(plan, arena, self.threads), stages: stages, input: values, output: results, taps: taps)
        for image in together..<batch { unsafe pass.run(image..<image + 1, in: arena.base) }
      }
    }
  }

  /// `count` images, each thread as many as any other.
  private func run(_ count: Int, _ all: Parts) {
    var parts = unsafe all
    var left = count
    while left > 0 {
      unsafe parts.partImages = min(parts.pass.calls.plan.images, left / threads.count)
      unsafe threads.run(Int32(threads.count), &parts) { unsafe Parts.run($0, $1) }
      unsafe parts.firstImage += parts.partImages * threads.count
      unsafe left -= parts.partImages * threads.count
    }
  }

  /// What a run calls.
  @unsafe
  func calls(_ plan: Plan, _ arena: FloatStorage, _ threads: ThreadPool?) -> KernelCalls {
    unsafe KernelCalls(
      network: network, plan: plan, arena: arena.base, isa: instructions.kernelValue, threads: threads)
  }

  private func shape(_ activation: Activation, of stage: String, _ batch: Int) -> [Int] {
    let isVector = stage == "avgpool" || stage == tree.head?.name
    return [batch] + (isVector ? [activation.layout.channels] : activation.shape)
  }

  /// A tap, and the number of the step that computes it.
  private func activation(
    ofTap tap: String, in stages: Range<Int>
  ) throws(InferenceError) -> (step: Int, activation: Activation) {
    let name = tree.canonicalTap(tap)
    let stageName = try tree.stage(ofTap: name)
    guard let index = stages.first(where: { plan.stages[$0].name == stageName }) else {
      throw .unknownTap(tap)
    }
    let (stage, first) = (plan.stages[index], plan.firstSteps[index])
    if stage.name == name { return (first + stage.steps.count - 1, stage.output) }
    guard let place = stage.steps.firstIndex(where: { $0.tap == name }) else { throw .fusedTap(tap) }
    return (first + place, stage.steps[place].output)
  }
}
