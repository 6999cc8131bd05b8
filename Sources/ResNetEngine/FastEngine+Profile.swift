internal import SWTThreads

extension FastEngine {
  /// The steps of a run over `batch` images of the planned size, without times.
  ///
  /// In the order of execution, the copy of the input first, that of the output last.
  public func steps(batch: Int) -> [StepProfile] {
    guard let first = plan.stages.first, let last = plan.stages.last else {
      preconditionFailure("a network has stages")
    }
    var steps = [StepProfile(copying: first.input, as: "input", batch: batch)]
    for stage in plan.stages { steps += stage.steps.map { StepProfile($0, batch: batch) } }
    steps.append(StepProfile(copying: last.output, as: "output", batch: batch))
    return steps
  }

  /// Runs the network `runs` times and times each step of the plan.
  ///
  /// The clock is read before and after each step, so that the whole takes a little longer than
  /// ``run(_:into:)``, which has no such code in it. With one thread images of a batch go through the late
  /// stages together, as they do there; with several, all threads compute each image, one after the other.
  ///
  /// - Parameters:
  ///   - input: `[N, 3, H, W]`; the times are those of all `N` images together.
  ///   - runs: At least 1, after one that is not counted.
  /// - Returns: The steps as ``steps(batch:)`` lists them, with their times.
  /// - Throws: ``InferenceError/wrongInput(expected:actual:values:)``.
  public func profile(_ input: FeatureMap<Float>, runs: Int) throws(InferenceError) -> [StepProfile] {
    precondition(runs >= 1)
    try prepare(input)
    let batch = input.shape[0]
    if threads.count == 1, batch > 1 { prepareBatch(batch) }
    var profile = self.steps(batch: batch)
    var output = emptyOutput(batch: batch)
    var times = [[Duration]](repeating: [], count: profile.count)
    for run in -1..<runs {
      let spent = unsafe timed(input, into: &output)
      if run < 0 { continue }
      for index in spent.indices { times[index].append(spent[index]) }
    }
    for index in profile.indices {
      let sorted = times[index].sorted()
      profile[index].minimum = sorted[0] / .milliseconds(1)
      profile[index].median = sorted[sorted.count / 2] / .milliseconds(1)
    }
    return profile
  }

  /// One run: the time of each step.
  @unsafe
  private func timed(_ input: FeatureMap<Float>, into output: inout FeatureMap<Float>) -> [Duration] {
    let batch = input.shape[0]
    let joint = threads.count == 1 && batch > 1
    let plan = joint ? batchPlan ?? plan : plan
    var spent = [Duration](repeating: .zero, count: 2 + plan.stages.reduce(0) { $0 + $1.steps.count })
    let clock = ContinuousClock()
    unsafe input.values.withUnsafeBufferPointer { values in
      unsafe output.values.withUnsafeMutableBufferPointer { results in
        guard let values = values.baseAddress, let results = results.baseAddress else { return }
        var pass = unsafe Pass(
          calls: calls(plan, joint ? batchArena ?? arena : arena, threads), stages: plan.stages.indices,
          input: values, output: results)
        var before = clock.now
        unsafe pass.watch = { step in
          let now = clock.now
          spent[step] += now - before
          before = now
        }
        var first = 0
        while first < batch {
          let count = min(plan.images, batch - first)
          before = clock.now
          unsafe pass.run(first..<first + count, in: pass.calls.arena)
          first += count
        }
      }
    }
    return spent
  }
}
