/*
 * Fills the weights of a C++ engine from a PyTorch checkpoint, as float32: the engine says which names and sizes it
 * needs, and every tensor is read straight into its memory.
 *
 *     fill model.pth [copy.pth]
 *
 * Prints how many numbers were filled, and the mean of fc.bias. With a second path, writes the weights back to a
 * checkpoint that PyTorch reads.
 */
#include <cstdio>
#include <cstring>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

#include "pth.h"

/* A checkpoint that closes itself; errors are exceptions. */
class Checkpoint {
public:
    explicit Checkpoint(const char *path) : file_(p2s_pth_open(path, error_, sizeof error_))
    {
        if (!file_) throw std::runtime_error(error_);
    }
    ~Checkpoint() { p2s_pth_close(file_); }
    Checkpoint(const Checkpoint &) = delete;
    Checkpoint &operator=(const Checkpoint &) = delete;

    std::size_t count() const { return p2s_pth_count(file_); }

    p2s_pth_tensor info(std::size_t index) const
    {
        p2s_pth_tensor tensor;
        if (p2s_pth_info(file_, index, &tensor) != 0) throw std::out_of_range("no such tensor");
        return tensor;
    }

    void read(std::size_t index, void *to, std::size_t size)
    {
        if (p2s_pth_read(file_, index, to, size, error_, sizeof error_) != 0) throw std::runtime_error(error_);
    }

private:
    char error_[512];
    p2s_pth *file_;
};

/* Stands for an engine's context: named buffers of float32. */
struct Engine {
    struct Weight {
        std::vector<int64_t> shape;
        std::vector<float> values;
    };
    std::map<std::string, Weight> weights;
};

static Engine filled(const char *path)
{
    Checkpoint file(path);
    Engine engine;
    for (std::size_t i = 0; i < file.count(); i++) {
        const p2s_pth_tensor tensor = file.info(i);
        if (std::strcmp(tensor.dtype, "float32") != 0) continue; /* num_batches_tracked */
        Engine::Weight &weight = engine.weights[std::string(tensor.name, tensor.name_length)];
        weight.shape.assign(tensor.dims, tensor.dims + tensor.rank);
        weight.values.resize(static_cast<std::size_t>(tensor.nbytes / sizeof(float)));
        file.read(i, weight.values.data(), weight.values.size() * sizeof(float));
    }
    return engine;
}

static void write(const Engine &engine, const char *path)
{
    std::vector<p2s_pth_tensor> tensors;
    std::vector<const void *> values;
    for (const auto &named : engine.weights) {
        p2s_pth_tensor tensor = {};
        tensor.name = named.first.c_str();
        tensor.dtype = "float32";
        tensor.rank = named.second.shape.size();
        tensor.dims = named.second.shape.data();
        tensor.nbytes = named.second.values.size() * sizeof(float);
        tensors.push_back(tensor);
        values.push_back(named.second.values.data());
    }
    char error[512];
    if (p2s_pth_write(path, tensors.data(), values.data(), tensors.size(), error, sizeof error) != 0)
        throw std::runtime_error(error);
}

int main(int count, char **words)
{
    try {
        if (count < 2) throw std::runtime_error("fill model.pth [copy.pth]");
        const Engine engine = filled(words[1]);
        std::size_t parameters = 0;
        for (const auto &named : engine.weights) parameters += named.second.values.size();
        double sum = 0;
        const auto bias = engine.weights.find("fc.bias");
        if (bias == engine.weights.end()) throw std::runtime_error("the checkpoint has no fc.bias");
        for (float value : bias->second.values) sum += static_cast<double>(value);
        std::printf("%zu weights, %zu numbers, mean of fc.bias %.6f\n", engine.weights.size(), parameters,
                    sum / static_cast<double>(bias->second.values.size()));
        if (count > 2) write(engine, words[2]);
    } catch (const std::exception &error) {
        std::fprintf(stderr, "%s\n", error.what());
        return 1;
    }
    return 0;
}
