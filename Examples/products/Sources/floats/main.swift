import PthReader

// The values of one tensor of a checkpoint: floats model.pth fc.weight
let file = try PthFile(path: CommandLine.arguments[1])
let weight = try file.floats(CommandLine.arguments[2])
print(file[CommandLine.arguments[2]]?.shape ?? [], weight[0])
