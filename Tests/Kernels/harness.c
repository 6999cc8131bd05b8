/* harness.c - numbers, guarded memory, verdicts; runs the tests of every kernel. */
#define _GNU_SOURCE
#include "harness.h"

#include "amx_in_software.h"

#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#if defined(__has_feature)
#  if __has_feature(address_sanitizer)
#    define SANITIZED 1
#  endif
#endif

/* ------------------------------------------------------------------ numbers */

uint64_t draw(struct numbers *numbers) {
    uint64_t z = numbers->state += 0x9E3779B97F4A7C15u;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

int32_t draw_below(struct numbers *numbers, int32_t below) {
    return (int32_t)(draw(numbers) % (uint64_t)below);
}

int32_t draw_of(struct numbers *numbers, const int32_t *values, int32_t count) {
    return values[draw_below(numbers, count)];
}

float draw_float(struct numbers *numbers, enum values values) {
    float v = (float)((int64_t)(draw(numbers) >> 40) - (1 << 23)) / (1 << 23);
    uint64_t kind = draw(numbers) % 64;
    switch (values) {
    case DENORMAL:
        return v * 0x1p-66f; /* a product of two is near 2^-132 */
    case ZEROS:
        return kind < 16 ? 0.0f : kind < 32 ? -0.0f : v;
    case INFINITIES:
        return kind == 0 ? NAN : kind == 1 ? INFINITY : kind == 2 ? -INFINITY : kind == 3 ? 0 : v;
    default:
        return v;
    }
}

void fill(struct numbers *numbers, enum values values, float *p, int64_t count) {
    for (int64_t i = 0; i < count; i++) p[i] = draw_float(numbers, values);
}

/* ----------------------------------------------------------- guarded memory */

static enum side guarded;

void guard(enum side side) { guarded = side; }

#if SANITIZED
void *place(enum slot slot, int64_t bytes) {
    static void *held[SLOTS];
    free(held[slot]);
    held[slot] = 0;
    if (posix_memalign(&held[slot], 64, (size_t)bytes) != 0) exit(2);
    return held[slot];
}
#else
enum { SLOT_BYTES = 8 << 20 };

/* Every slot lies between two pages that fault. */
void *place(enum slot slot, int64_t bytes) {
    static char *start[SLOTS];
    int64_t page = sysconf(_SC_PAGESIZE);
    if (!start[slot]) {
        char *whole = mmap(
            0, (size_t)(SLOT_BYTES + 2 * page), PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (whole == MAP_FAILED
            || mprotect(whole + page, SLOT_BYTES, PROT_READ | PROT_WRITE) != 0) {
            perror("guard pages");
            exit(2);
        }
        start[slot] = whole + page;
    }
    if (bytes > SLOT_BYTES) {
        fprintf(stderr, "a case needs %lld bytes in one slot\n", (long long)bytes);
        exit(2);
    }
    return guarded == GUARD_BELOW ? start[slot] : start[slot] + SLOT_BYTES - bytes;
}
#endif

float *place_floats(enum slot slot, int64_t count) {
    float *p = place(slot, count * (int64_t)sizeof(float));
    fill_poison(p, count);
    return p;
}

static const uint32_t poison_bits = 0x7FC0BEEF;

static uint32_t bits_of(float v) {
    uint32_t bits;
    memcpy(&bits, &v, sizeof bits);
    return bits;
}

float poison(void) {
    float v;
    memcpy(&v, &poison_bits, sizeof v);
    return v;
}

int is_poison(float v) { return bits_of(v) == poison_bits; }

void fill_poison(float *p, int64_t count) {
    for (int64_t i = 0; i < count; i++) memcpy(p + i, &poison_bits, sizeof *p);
}

/* ----------------------------------------------------- expectation, verdict */

struct exact exact_start(float bias) {
    return (struct exact) { .value = (double)bias, .magnitude = fabs((double)bias), .terms = 0 };
}

void exact_add(struct exact *sum, float a, float w) {
    double product = (double)a * (double)w;
    sum->value += product;
    sum->magnitude += fabs(product);
    sum->terms++;
}

struct want exact_want(const struct exact *sum, float residual, int relu) {
    double value = sum->value + (double)residual;
    double magnitude = sum->magnitude + fabs((double)residual);
    if (relu && value < 0) value = 0;
    return (struct want) { value, (sum->terms + 3) * (0x1p-23 * magnitude + 0x1p-149) };
}

struct want *wants(int64_t count) {
    static struct want *held;
    static int64_t room;
    if (count > room) {
        free(held);
        held = malloc((size_t)count * sizeof *held);
        room = count;
        if (!held) exit(2);
    }
    for (int64_t i = 0; i < count; i++) held[i] = (struct want) { 0, -1 };
    return held;
}

static char case_name[512];
static const char *kernel_name = "";
static long cases;
static int failures_shown;

enum { ISAS = 5 };
enum p2s_isa here[ISAS];
int32_t here_count;

static const char *isa_name(enum p2s_isa isa) {
    switch (isa) {
    case P2S_ISA_AVX2: return "avx2";
    case P2S_ISA_AVX512: return "avx512";
    case P2S_ISA_NEON: return "neon";
    case P2S_ISA_AMX: return "amx";
    default: return "portable";
    }
}

/* What each instruction set has done with the kernel under test. */
static struct {
    long judged, failed;
} tally[ISAS];

/* Of all outputs, one for the forms that fuse multiply-adds and one for the portable
 * form: equal on every machine, whichever instruction sets it has. */
static uint64_t digest[2];
static float *first_output; /* of the first form that must agree with others */
static int64_t first_room;
static int have_first;

void begin_case(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(case_name, sizeof case_name, format, arguments);
    va_end(arguments);
    have_first = 0;
    cases++;
}

__attribute__((format(printf, 2, 3))) static void fail(enum p2s_isa isa, const char *format, ...) {
    tally[isa].failed++;
    if (failures_shown++ >= 20) return;
    va_list arguments;
    printf("FAILED: %s, %s, %s: ", kernel_name, isa_name(isa), case_name);
    va_start(arguments, format);
    vprintf(format, arguments);
    va_end(arguments);
    printf("\n");
}

static int fits(float got, struct want want) {
    if (want.bound < 0) return is_poison(got);
    if (isinf(want.bound)) return 1;
    if (isnan(want.bound)) return !isfinite(got) && !is_poison(got);
    if (isnan(want.value)) return isnan(got) && !is_poison(got);
    if (isinf(want.value) || want.bound == 0) return (double)got == want.value;
    return fabs((double)got - want.value) <= want.bound;
}

/* CKernels.h leaves open the sign of a zero and which NaN a NaN is. */
static uint32_t canonical(float v) {
    uint32_t bits = bits_of(v);
    return v != v ? 0x7FC00000u : bits << 1 == 0 ? 0 : bits;
}

static void keep(const float *output, int64_t count) {
    if (count > first_room) {
        free(first_output);
        first_output = malloc((size_t)count * sizeof *first_output);
        first_room = count;
        if (!first_output) exit(2);
    }
    memcpy(first_output, output, (size_t)count * sizeof *output);
    have_first = 1;
}

void judge(
    enum p2s_isa isa, const float *output, const struct want *want, int64_t count,
    enum agreement agreement) {
    tally[isa].judged++;
    for (int64_t i = 0; i < count; i++) {
        if (fits(output[i], want[i])) continue;
        fail(
            isa, "float %lld is %.9g (0x%08x), wanted %.9g within %.3g", (long long)i,
            (double)output[i], bits_of(output[i]), want[i].value, want[i].bound);
        return;
    }
    int fused = isa != P2S_ISA_PORTABLE;
    if (fused && agreement == NONE_AGREE) return;
    int alone = agreement != ALL_AGREE && !fused;
    if (have_first && !alone) {
        for (int64_t i = 0; i < count; i++) {
            if (canonical(output[i]) == canonical(first_output[i])) continue;
            fail(
                isa, "float %lld is %.9g, another form's %.9g", (long long)i, (double)output[i],
                (double)first_output[i]);
            return;
        }
        return;
    }
    uint64_t hash = digest[!alone];
    for (int64_t i = 0; i < count; i++) hash = (hash ^ canonical(output[i])) * 0x100000001B3u;
    digest[!alone] = hash;
    if (!alone) keep(output, count);
}

void judge_again(enum p2s_isa isa, const float *output, const float *again, int64_t count) {
    for (int64_t i = 0; i < count; i++) {
        if (canonical(output[i]) == canonical(again[i])) continue;
        fail(
            isa, "float %lld is %.9g, with the work cut otherwise %.9g", (long long)i,
            (double)output[i], (double)again[i]);
        return;
    }
}

/* ------------------------------------------------------------------ running */

#if !SANITIZED
/* A kernel touched what the header does not let it touch. */
static void faulted(int signal) {
    char line[768];
    int length = snprintf(
        line, sizeof line, "FAILED: %s, %s: signal %d with the guard page %s the buffers\n",
        kernel_name, case_name, signal, guarded == GUARD_BELOW ? "below" : "above");
    (void)!write(1, line, (size_t)length);
    _exit(1);
}
#endif

/* Every kernel of the list has a test of its name, and what is not in the list too. */
#define DECLARE_TEST(name, arguments, avx2, avx512, neon, amx) void test_##name(uint64_t seed);
P2S_KERNELS(DECLARE_TEST)
void test_mean(uint64_t seed);
void test_copies(uint64_t seed);
void test_scales(uint64_t seed);
void test_peak(uint64_t seed);
void test_avgpool(uint64_t seed);
void test_padding(uint64_t seed);
void test_sigmoid(uint64_t seed);
void test_neighbors(uint64_t seed);
void test_gate(uint64_t seed);
void test_window(uint64_t seed);
void test_max_block(uint64_t seed);
void test_quantized_conv(uint64_t seed);
void test_quantized_sum(uint64_t seed);
void test_double_multiply(uint64_t seed);
void test_double_multiply_rows(uint64_t seed);

/* The name of the form that each instruction set runs. */
struct kernel {
    const char *name;
    void (*test)(uint64_t seed);
    const char *forms[ISAS];
};

static const struct kernel kernels[] = {
#define KERNEL_ROW(name, arguments, avx2, avx512, neon, amx) \
    { #name, test_##name, { "portable", #avx2, #avx512, #neon, #amx } },
    P2S_KERNELS(KERNEL_ROW)
    { "mean", test_mean, { "portable", "portable", "portable", "portable", "portable" } },
    { "copies", test_copies, { "portable", "portable", "avx512", "portable", "avx512" } },
    { "scales", test_scales, { "portable", "portable", "avx512", "portable", "avx512" } },
    { "peak", test_peak, { "portable", "avx2", "avx512", "neon", "amx" } },
    { "avgpool", test_avgpool, { "portable", "portable", "portable", "portable", "portable" } },
    { "padding", test_padding, { "portable", "portable", "portable", "portable", "portable" } },
    { "sigmoid", test_sigmoid, { "portable", "portable", "portable", "portable", "portable" } },
    { "neighbors", test_neighbors, { "portable", "portable", "portable", "portable", "portable" } },
    { "gate", test_gate, { "portable", "portable", "portable", "portable", "portable" } },
    { "window", test_window, { "portable", "portable", "portable", "portable", "portable" } },
    { "max_block", test_max_block, { "portable", "portable", "portable", "portable", "portable" } },
    { "quantized_conv", test_quantized_conv,
      { "portable", "avx2", "avx512", "portable", "avx512" } },
    { "quantized_sum", test_quantized_sum, { "portable", "avx2", "avx2", "portable", "avx2" } },
    { "double_multiply", test_double_multiply,
      { "portable", "avx2", "avx512", "portable", "avx512" } },
    { "double_multiply_rows", test_double_multiply_rows,
      { "portable", "avx2", "avx512", "portable", "avx512" } },
};

/* Arguments: rounds (1), each with other numbers, and the only kernel to test (all). */
int main(int count, char **arguments) {
    int rounds = count > 1 ? atoi(arguments[1]) : 1;
    const char *only = count > 2 ? arguments[2] : 0;
    static const enum p2s_isa all[]
        = { P2S_ISA_PORTABLE, P2S_ISA_AVX2, P2S_ISA_AVX512, P2S_ISA_NEON, P2S_ISA_AMX };
    for (int i = 0; i < ISAS; i++)
        if (p2s_isa_supported(all[i])) here[here_count++] = all[i];
    int32_t processor = here_count;
    int has_amx = p2s_isa_supported(P2S_ISA_AMX), runs_amx = !has_amx && execute_amx();
    here[processor] = P2S_ISA_AMX;
#if SANITIZED
    int sides = 1;
#else
    int sides = SIDES;
    signal(SIGSEGV, faulted);
    signal(SIGBUS, faulted);
#endif
    int passed = 0, failed = 0;
    for (size_t k = 0; k < sizeof kernels / sizeof *kernels; k++) {
        const struct kernel *kernel = &kernels[k];
        if (only && strcmp(only, kernel->name) != 0) continue;
        kernel_name = kernel->name;
        /* In software only the form that is written for it. */
        int has_form = strcmp(kernel->forms[P2S_ISA_AMX], "amx") == 0;
        here_count = processor + (runs_amx && has_form);
        memset(tally, 0, sizeof tally);
        memset(digest, 0, sizeof digest);
        cases = 0;
        for (int side = 0; side < sides; side++) {
            guard((enum side)side);
            for (int round = 1; round <= rounds; round++) kernel->test((uint64_t)round);
        }
        printf("%-15s %6ld cases:", kernel->name, cases);
        for (int i = 0; i < here_count; i++) {
            enum p2s_isa isa = here[i];
            int good = tally[isa].failed == 0 && tally[isa].judged == cases;
            good ? passed++ : failed++;
            printf("  %s", isa_name(isa));
            if (strcmp(kernel->forms[isa], isa_name(isa)) != 0) printf("(%s)", kernel->forms[isa]);
            if (!good) printf(" %ld failed, %ld judged", tally[isa].failed, tally[isa].judged);
        }
        printf("\ndigest %s %016llx %016llx\n", kernel->name, (unsigned long long)digest[0],
               (unsigned long long)digest[1]);
        fflush(stdout);
    }
    if (!has_amx)
        printf(
            "no AMX here: its code executed %ld instructions in software, and was not compared "
            "with the hardware\n",
            amx_instructions());
    printf("forms: %d passed, %d failed\n", passed, failed);
    return failed > 0;
}
