/*
 * tiles.c - tiles and threads beside what a process does with the system: refused permission, signal handlers on small
 * stacks, fork. Each case is a process of its own. A processor without AMX executes its instructions in software
 * (Tests/Kernels/amx_in_software.c), and a filter of system calls answers for a kernel that knows tiles.
 *
 * Prints a line per case; exits 1 if one failed.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "CThreads.h"
#include "amx_in_software.h"
#include "kernels.h"

enum { CHANNELS = 64, PIXELS = 40, REQUEST_PERMISSION = 0x1023, SECONDS = 60 };

static int has_amx; /* before anything asked for permission: from /proc/cpuinfo */

static int fail(const char *what) {
    printf("  %s\n", what);
    return 0;
}

/* From now on the system answers a request for tiles with `error`; 0 grants it. */
static int answer_requests(int error) {
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_arch_prctl, 0, 3),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, REQUEST_PERMISSION, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (unsigned)error),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = { sizeof code / sizeof *code, code };
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0
        && prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

/* One layer of float32 in three bfloat16, in units of one pair; `isa` as it is asked for. */
struct layer {
    enum p2s_isa isa;
    struct p2s_product_conv conv;
    _Alignas(64) float input[(CHANNELS / 16 * PIXELS + P2S_PRODUCT_SLACK) * 16];
    _Alignas(64) uint32_t weights[CHANNELS / 32 * 3 * 512];
    _Alignas(64) float output[2 * PIXELS * 16];
    _Alignas(64) float scratch[2][1 << 14];
    float bias[P2S_PANEL_LANES], scale[P2S_PANEL_LANES];
};

static const int32_t first_block = 0;

static struct layer *make_layer(enum p2s_isa isa) {
    struct layer *l = aligned_alloc(64, (sizeof *l + 63) / 64 * 64);
    if (!l) exit(2);
    memset(l, 0, sizeof *l);
    l->isa = isa;
    l->conv = (struct p2s_product_conv) {
        .split = P2S_SPLIT_X6, .output = P2S_LINE_F32, .weights = l->weights, .bias = l->bias,
        .scale = l->scale, .first = &first_block, .panels = 1, .blocks = CHANNELS / 32,
        .in_blocks = CHANNELS / 16, .kernel = 1, .stride = 1, .dilation = 1, .rows = 1,
        .width = PIXELS, .out_blocks = 2, .images = 1, .unit_pairs = 1, .unit_panels = 1,
        .in_row = PIXELS * 16, .in_block = PIXELS * 16, .out_row = PIXELS * 16,
        .out_block = PIXELS * 16,
    };
    if (p2s_product_scratch(&l->conv) > 1 << 14 || p2s_product_units(&l->conv) > 2) exit(2);
    for (int i = 0; i < CHANNELS / 16 * PIXELS * 16; i++) l->input[i] = (float)(i * 37 % 101) - 50.3f;
    for (size_t i = 0; i < sizeof l->weights / 4; i++)
        l->weights[i] = ((uint32_t)i * 2654435761u & 0x80FF80FFu) | 0x3F003F00u;
    return l;
}

static void unit(void *context, int32_t number) {
    struct layer *l = context;
    p2s_product_unit(
        l->isa, &l->conv, l->input, 0, l->output, l->scratch[number], 0, number);
}

/* Runs the layer `times` times; whether each result is that of the emulation. */
static int runs(struct p2s_threads *threads, enum p2s_isa isa, int times) {
    struct layer *wanted = make_layer(P2S_ISA_PORTABLE), *layer = make_layer(isa);
    int same = 1;
    for (int32_t u = 0; u < p2s_product_units(&wanted->conv); u++) unit(wanted, u);
    for (int i = 0; i < times && same; i++) {
        memset(layer->output, 0, sizeof layer->output);
        p2s_threads_run(threads, p2s_product_units(&layer->conv), layer, unit);
        same = memcmp(layer->output, wanted->output, sizeof layer->output) == 0;
    }
    free(wanted);
    free(layer);
    return same;
}

/* ---------------------------------------------------------------- permission */

static int refused(int error) {
    if (!answer_requests(error)) return fail("no filter of system calls");
    if (p2s_amx_state_if(1) != P2S_AMX_REFUSED) return fail("the permission counts as given");
    if (p2s_isa_supported(P2S_ISA_AMX)) return fail("AMX counts as supported");
    if (p2s_amx_state() == P2S_AMX_USABLE) return fail("AMX counts as usable");
    struct p2s_threads *threads = p2s_threads_create(2);
    int same = runs(threads, P2S_ISA_AVX512, 3);
    p2s_threads_destroy(threads);
    return same || fail("AVX-512 computed something else");
}

static int refused_permission(void) { return refused(EPERM); }
static int old_system(void) { return refused(ENOSYS); }
static int unknown_request(void) { return refused(EINVAL); }
static int small_stack_elsewhere(void) { return refused(ENOSPC); }

/* The processor without AMX has a system that grants tiles, and executes them. */
static int granted(void) {
    if (!has_amx && !(execute_amx() && answer_requests(0))) return fail("no software");
    if (p2s_amx_state_if(1) != P2S_AMX_USABLE) return fail("tiles are not usable");
    return !tiles_are_live() || fail("tiles are live");
}

static int granted_but_wrong(void) {
    if (!(execute_amx() && answer_requests(0))) return fail("no software");
    break_amx(FAULT_BF16);
    return p2s_amx_state_if(1) == P2S_AMX_DIFFERENT || fail("a wrong bit is not noticed");
}

/* ---------------------------------------------------------------- signals */

static volatile sig_atomic_t alarms;
static char *volatile handler_frame;
static volatile unsigned char left_by_handler;

/* Writes all of the vector registers that memset uses, and notes where it runs. */
static void on_alarm(int number) {
    char frame[256];
    memset(frame, number + alarms, sizeof frame);
    left_by_handler = (unsigned char)frame[alarms % 256];
    handler_frame = frame;
    alarms++;
}

/* A signal stack as small as the system takes, with room for the handler; alarms every 200 us. */
static int set_alarms(char **stack, size_t *size) {
    long least = sysconf(_SC_MINSIGSTKSZ);
    *size = (size_t)(least > 2048 ? least : 2048) + 1024;
    *stack = malloc(*size);
    const stack_t signals = { .ss_sp = *stack, .ss_size = *size };
    struct sigaction action = { .sa_handler = on_alarm, .sa_flags = SA_ONSTACK | SA_RESTART };
    const struct itimerval often = { { 0, 200 }, { 0, 200 } };
    return *stack && sigaltstack(&signals, 0) == 0 && sigaction(SIGALRM, &action, 0) == 0
        && setitimer(ITIMER_REAL, &often, 0) == 0;
}

static int with_alarms(struct p2s_threads *threads, enum p2s_isa isa, int times) {
    char *stack;
    size_t size;
    if (!set_alarms(&stack, &size)) return fail("no alarms");
    while (alarms < 20)
        if (!runs(threads, isa, times)) return fail("an interrupted layer has another result");
    if (handler_frame < stack || handler_frame >= stack + size) return fail("not on that stack");
    return 1;
}

static int alarms_during_vectors(void) {
    return with_alarms(p2s_threads_create(2), P2S_ISA_AVX512, 200);
}

/* In software the instructions are executed by another handler, on the ordinary stack. */
static int alarms_during_tiles(void) {
    if (has_amx && p2s_amx_state() != P2S_AMX_USABLE) return fail("tiles are not usable");
    if (!has_amx && !execute_amx()) return fail("no software");
    return with_alarms(p2s_threads_create(1), P2S_ISA_AMX, 3);
}

/* With AMX the system refuses one or the other; without, this is alarms_during_vectors. */
static int small_stack_before_permission(void) {
    static char stack[4096 + 2048];
    const stack_t signals = { .ss_sp = stack, .ss_size = sizeof stack };
    if (sigaltstack(&signals, 0) != 0) return fail("no signal stack");
    enum p2s_amx state = p2s_amx_state();
    if (has_amx ? state != P2S_AMX_REFUSED : state != P2S_AMX_MISSING) return fail("another state");
    return runs(p2s_threads_create(2), P2S_ISA_AVX512, 3) || fail("another result");
}

/* ---------------------------------------------------------------- fork */

static int waits(pid_t child) {
    int status = -1;
    return child > 0 && waitpid(child, &status, 0) == child && status == 0;
}

/* The child has the pool without its threads: it computes alone, and destroys the pool. */
static int fork_after_use(void) {
    enum p2s_isa isa = P2S_ISA_AVX512;
    if (has_amx && p2s_amx_state() == P2S_AMX_USABLE) isa = P2S_ISA_AMX;
    struct p2s_threads *threads = p2s_threads_create(4);
    if (!runs(threads, isa, 20)) return fail("another result before fork");
    for (int i = 0; i < 5; i++) {
        pid_t child = fork();
        if (child == 0) {
            alarm(20);
            int same = runs(threads, isa, 20);
            p2s_threads_destroy(threads);
            struct p2s_threads *own = p2s_threads_create(2);
            same = same && runs(own, isa, 20);
            p2s_threads_destroy(own);
            _exit(same ? 0 : 1);
        }
        if (!runs(threads, isa, 20)) return fail("another result in the parent");
        if (!waits(child)) return fail("the child hung or has another result");
    }
    p2s_threads_destroy(threads);
    return 1;
}

static const struct {
    const char *name;
    int (*run)(void);
} cases[] = {
    { "permission refused by a filter", refused_permission },
    { "a system without the call", old_system },
    { "a system that does not know the request", unknown_request },
    { "a thread with a small signal stack", small_stack_elsewhere },
    { "permission granted", granted },
    { "permission granted, tiles with a wrong bit", granted_but_wrong },
    { "alarms on a small stack during vectors", alarms_during_vectors },
    { "alarms on a small stack during tiles", alarms_during_tiles },
    { "a small signal stack before the permission", small_stack_before_permission },
    { "fork after the threads were used", fork_after_use },
};

int main(void) {
    int failed = 0, all = sizeof cases / sizeof *cases;
    FILE *info = fopen("/proc/cpuinfo", "r");
    for (char line[8192]; info && fgets(line, sizeof line, info);)
        if (strstr(line, " amx_tile")) has_amx = 1;
    if (info) fclose(info);
    if (!p2s_isa_supported(P2S_ISA_AVX512)) {
        puts("tiles: no AVX-512 here: skipped");
        return 0;
    }
    for (int i = 0; i < all; i++) {
        fflush(stdout);
        pid_t child = fork();
        if (child == 0) {
            alarm(SECONDS);
            int good = cases[i].run();
            fflush(stdout);
            _exit(good ? 0 : 1);
        }
        if (waits(child)) continue;
        printf("FAILED: %s\n", cases[i].name);
        failed++;
    }
    if (!has_amx) puts("tiles: no AMX here: its instructions were executed in software");
    printf("tiles: %d passed, %d failed\n", all - failed, failed);
    return failed > 0;
}
