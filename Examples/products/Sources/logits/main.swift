import ResNetModel

// The logits of a gray image: logits model.swt
let model = try Model(CommandLine.arguments[1])
let image = [Float](repeating: 0, count: 3 * 224 * 224)
let logits = try model.run(image, shape: [1, 3, 224, 224])
print(model.architecture.name, logits.count, logits[0])
