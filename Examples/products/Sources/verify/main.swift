import Pth2SWT

// Whether a weight file computes what a golden test expects: verify model.swt golden.safetensors
var options = VerificationOptions()
options.goldens = [CommandLine.arguments[2]]
let report = try Verifier.verify(CommandLine.arguments[1], options)
print(report.verdictClass.rawValue, report.goldens.map { "\($0.name) \($0.comparisons[0].metrics.relL2)" })
