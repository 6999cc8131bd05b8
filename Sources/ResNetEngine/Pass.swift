internal import ResNetArchitecture

/// Where a run keeps a layer's output: `[N, …]`, image after image.
@unsafe
struct Keep {
  /// After which step, counted over all stages of the plan.
  let step: Int
  let activation: Activation
  let values: UnsafeMutablePointer<Float>
}

/// A run of some stages of the plan over a batch of images.
///
/// Unsafe on purpose: it reads the caller's images and writes the caller's outputs, both of as many images as
/// it is asked for. Parts of a batch may run at the same time, each with an arena of its own.
@unsafe
struct Pass {
  let calls: KernelCalls
  let stages: Range<Int>
  let input: UnsafePointer<Float>
  let output: UnsafeMutablePointer<Float>
  /// Empty in a run that allocates nothing.
  var taps: [Keep] = unsafe []
  /// Told after each step, the copy of the input being step 0 and that of the output the last.
  var watch: ((Int) -> Void)?

  /// Computes these images, at most as many as the plan takes together, in an arena.
  func run(_ images: Range<Int>, in arena: UnsafeMutablePointer<Float>) {
    let plan = unsafe calls.plan
    var calls = unsafe calls
    unsafe calls.arena = arena
    let joint = unsafe max(stages.lowerBound, min(stages.upperBound, plan.firstJointStage))
    for image in images {
      unsafe calls.image = image - images.lowerBound
      unsafe load(image, calls)
      unsafe run(stages.lowerBound..<joint, image, calls)
      // The next image may take its place.
      if unsafe joint == stages.upperBound { unsafe store(image, calls) }
    }
    if unsafe joint == stages.upperBound { return }
    unsafe (calls.image, calls.images) = (0, images.count)
    unsafe run(joint..<stages.upperBound, images.lowerBound, calls)
    for image in images {
      unsafe calls.image = image - images.lowerBound
      unsafe store(image, calls)
    }
  }

  func load(_ image: Int, _ calls: KernelCalls) {
    let first = unsafe calls.plan.stages[stages.lowerBound]
    let values = unsafe input + image * first.input.valueCount
    unsafe calls.load(values, into: first.input)
    if let magnitudes = first.inputMagnitudes {
      unsafe calls.find(magnitudes, of: values, count: first.input.valueCount)
    }
    unsafe watch?(0)
  }

  func store(_ image: Int, _ calls: KernelCalls) {
    let last = unsafe calls.plan.stages[stages.upperBound - 1].output
    unsafe calls.store(last, into: output + image * last.valueCount)
    if let watch = unsafe watch {
      watch(
        unsafe 1 + calls.plan.firstSteps[stages.upperBound - 1]
          + calls.plan.stages[stages.upperBound - 1].steps.count)
    }
  }

  /// Runs stages for the images of `calls`, the first of which is number `image` of the batch.
  private func run(_ stages: Range<Int>, _ image: Int, _ calls: KernelCalls) {
    let plan = unsafe calls.plan
    for stage in stages {
      for (number, step) in plan.stages[stage].steps.enumerated() {
        unsafe calls.run(step)
        unsafe watch?(1 + plan.firstSteps[stage] + number)
        if unsafe !taps.isEmpty { unsafe keep(plan.firstSteps[stage] + number, image, calls) }
      }
    }
  }

  private func keep(_ step: Int, _ image: Int, _ calls: KernelCalls) {
    for index in unsafe taps.indices {
      let tap = unsafe taps[index]
      guard unsafe tap.step == step else { continue }
      for i in unsafe 0..<calls.images {
        var one = unsafe calls
        unsafe one.image += i
        unsafe one.store(tap.activation, into: tap.values + (image + i) * tap.activation.valueCount)
      }
    }
  }
}

/// A batch that is cut into parts, each of which one thread computes from the first stage to the last.
@unsafe
struct Parts {
  let pass: Pass
  let arena: UnsafeMutablePointer<Float>
  /// Floats of a part's arena.
  let arenaCount: Int
  var firstImage = 0
  var partImages = 1

  static func run(_ context: UnsafeMutableRawPointer?, _ part: Int32) {
    guard let context = unsafe context else { preconditionFailure("the pool passes on what it got") }
    let parts = unsafe context.assumingMemoryBound(to: Parts.self)
    let first = unsafe parts.pointee.firstImage + Int(part) * parts.pointee.partImages
    unsafe parts.pointee.pass.run(
      first..<first + parts.pointee.partImages,
      in: parts.pointee.arena + Int(part) * parts.pointee.arenaCount)
  }
}
