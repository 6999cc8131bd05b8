/*
 * amx_in_software.c - executes AMX's instructions on a processor that has AVX-512 and not AMX.
 *
 * Each of them raises SIGILL there. The handler decodes it from its bytes, does what Intel's
 * manual says, and continues after it. So the code that the compiler made for AMX runs here as
 * it is: the bytes of its tile configuration, addresses, strides, the order of loads and
 * products, and every release. What a processor would answer with a fault ends the test.
 */
#define _GNU_SOURCE
#include "amx_in_software.h"

#if defined(__x86_64__) && defined(__linux__)
#  include "../../Sources/CKernels/products.h"
#  include <cpuid.h>
#  include <signal.h>
#  include <stdint.h>
#  include <stdio.h>
#  include <string.h>
#  include <ucontext.h>
#  include <unistd.h>

#  define TARGET P2S_AVX512
#  include "../../Sources/CKernels/products_vectors.h"
#  include "../../Sources/CKernels/products_emulated.h"

static struct tiles tiles;
static int configured;
static long executed;

int tiles_are_live(void) { return configured; }

long amx_instructions(void) { return executed; }

static enum amx_fault broken;

void break_amx(enum amx_fault which) { broken = which; }

__attribute__((noreturn)) static void fault(const char *what, const uint8_t *code) {
    char line[256];
    int length = snprintf(
        line, sizeof line, "FAILED: AMX in software: %s: %02x %02x %02x %02x %02x %02x\n", what,
        code[0], code[1], code[2], code[3], code[4], code[5]);
    (void)!write(1, line, (size_t)length);
    _exit(1);
}

/* ------------------------------------------------------------------ decoding */

/* One instruction: its prefix's fields, uninverted, and its operands. */
struct decoded {
    const uint8_t *code;
    int reg, rm, vvvv; /* numbers of registers */
    int is_register;   /* rm is one too */
    uint64_t base;     /* address with its displacement, without the index */
    uint64_t index;    /* scaled */
    int length;
};

static uint64_t general(const ucontext_t *context, int number) {
    static const int places[] = {
        REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI,
        REG_R8,  REG_R9,  REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15,
    };
    return (uint64_t)context->uc_mcontext.gregs[places[number]];
}

/* ModRM, SIB and displacement at `at`; displacements of 8 bits count `unit` bytes. */
static void decode_operands(
    const ucontext_t *context, struct decoded *d, int at, int r, int x, int b, int unit) {
    const uint8_t *p = d->code + at;
    int mod = *p >> 6, rm = *p & 7;
    d->reg = (*p++ >> 3 & 7) | r << 3;
    d->is_register = mod == 3;
    d->rm = rm | b << 3;
    d->base = d->index = 0;
    int is_relative = 0, has_base = 1;
    if (mod != 3) {
        int base = rm | b << 3;
        if (rm == 4) {
            int scale = *p >> 6, index = (*p >> 3 & 7) | x << 3;
            base = (*p & 7) | b << 3;
            if (index != 4) d->index = general(context, index) << scale;
            if ((*p & 7) == 5 && mod == 0) has_base = 0;
            p++;
        } else if (rm == 5 && mod == 0) {
            is_relative = 1;
        }
        if (!is_relative && has_base) d->base = general(context, base);
        if (mod == 1) {
            d->base += (uint64_t)(int64_t)((int8_t)*p * unit);
            p++;
        } else if (mod == 2 || is_relative || !has_base) {
            int32_t displacement;
            memcpy(&displacement, p, 4);
            d->base += (uint64_t)(int64_t)displacement;
            p += 4;
        }
    }
    d->length = (int)(p - d->code);
    if (is_relative) d->base += (uint64_t)(uintptr_t)p;
}

/* ----------------------------------------------------------------- execution */

static void configure(const struct decoded *d) {
    const uint8_t *config = (const uint8_t *)(uintptr_t)d->base;
    if (configured) fault("configured twice without a release", d->code);
    if (config[0] != 1 || config[1] != 0) fault("not palette 1 from row 0", d->code);
    for (int i = 2; i < 16; i++)
        if (config[i] != 0) fault("a reserved byte of the configuration", d->code);
    for (int t = 0; t < 16; t++) {
        int bytes = config[16 + 2 * t] | config[17 + 2 * t] << 8, rows = config[48 + t];
        int exists = t < 8;
        if (bytes != 64 * exists || rows != 16 * exists) fault("the shape of a tile", d->code);
    }
    memset(&tiles, 0, sizeof tiles);
    configured = 1;
}

/* VEX, map 0F38, 128 bits, W0: the opcodes 49, 4B, 5C and 5E. */
TARGET static int execute_vex(const ucontext_t *context, const uint8_t *code) {
    enum { NONE, P66, PF3, PF2 };
    struct decoded d = { .code = code };
    int prefix = code[2] & 3, opcode = code[3];
    if ((code[1] & 31) != 2 || (code[2] & 0x84) != 0) fault("not an instruction of AMX", code);
    d.vvvv = ~code[2] >> 3 & 15;
    decode_operands(context, &d, 4, ~code[1] >> 7 & 1, ~code[1] >> 6 & 1, ~code[1] >> 5 & 1, 1);
    if (opcode == 0x49 && prefix == NONE && !d.is_register && d.reg == 0) {
        configure(&d);
        return d.length;
    }
    if (!configured) fault("tiles that are not configured", code);
    if (opcode == 0x49 && prefix == NONE && code[4] == 0xC0) {
        configured = 0;
        return d.length;
    }
    if (d.reg > 7) fault("a tile that does not exist", code);
    uint32_t *first = tiles.tile[d.reg];
    if (opcode == 0x49 && prefix == PF2 && d.is_register && d.rm == 0) {
        memset(first, 0, 1024);
    } else if (opcode == 0x4B && prefix == PF2 && !d.is_register && (code[4] & 7) == 4) {
        load_tile(first, (const void *)(uintptr_t)d.base, (int64_t)d.index);
    } else if (opcode == 0x4B && prefix == PF3 && !d.is_register && (code[4] & 7) == 4) {
        for (int r = 0; r < 16; r++)
            memcpy((void *)(uintptr_t)(d.base + (uint64_t)r * d.index), first + 16 * r, 64);
    } else if ((opcode == 0x5C || opcode == 0x5E) && d.is_register) {
        if (d.rm > 7 || d.vvvv > 7) fault("a tile that does not exist", code);
        if (d.reg == d.rm || d.reg == d.vvvv || d.rm == d.vvvv) fault("a tile twice", code);
        const uint32_t *a = tiles.tile[d.rm], *b = tiles.tile[d.vvvv];
        if (opcode == 0x5C && prefix == PF3) emulate_bf16(first, a, b);
        else if (opcode == 0x5E && prefix == P66) multiply_bytes(0, first, a, b);
        else if (opcode == 0x5E && prefix == PF2) multiply_bytes(1, first, a, b);
        else fault("not a product of the kernels", code);
        if (broken == (opcode == 0x5C ? FAULT_BF16 : prefix == P66 ? FAULT_U8 : FAULT_S8))
            first[37] ^= 1;
    } else {
        fault("not an instruction of the kernels", code);
    }
    return d.length;
}

/* Where a signal frame has 64 bytes of vector register `number`: in two or three pieces, or
 * in one. */
struct pieces {
    uint8_t *at[3];
    int bytes[3], components[3];
};

static int component_offset(int component) {
    unsigned size, offset, c, d;
    __cpuid_count(13, component, size, offset, c, d);
    return (int)offset;
}

static struct pieces pieces_of(uint8_t *state, int number) {
    enum { SSE = 1, AVX = 2, HIGH_256 = 6, HIGH_16 = 7 };
    if (number >= 16)
        return (struct pieces) {
            { state + component_offset(HIGH_16) + (number - 16) * 64 }, { 64 }, { HIGH_16 } };
    return (struct pieces) {
        { state + 160 + 16 * number, state + component_offset(AVX) + 16 * number,
          state + component_offset(HIGH_256) + 32 * number },
        { 16, 16, 32 },
        { SSE, AVX, HIGH_256 },
    };
}

enum { XSTATE_BV = 512 };

static void read_vector(uint8_t *state, int number, uint8_t value[64]) {
    struct pieces from = pieces_of(state, number);
    uint64_t present;
    memcpy(&present, state + XSTATE_BV, 8);
    for (int i = 0, at = 0; i < 3; at += from.bytes[i++]) {
        if (!from.bytes[i]) break;
        /* What is in its first state is not written down: zeros. */
        if (present >> from.components[i] & 1) memcpy(value + at, from.at[i], (size_t)from.bytes[i]);
        else memset(value + at, 0, (size_t)from.bytes[i]);
    }
}

static void write_vector(uint8_t *state, int number, const uint8_t value[64]) {
    struct pieces to = pieces_of(state, number);
    uint64_t present;
    memcpy(&present, state + XSTATE_BV, 8);
    for (int i = 0, at = 0; i < 3; at += to.bytes[i++]) {
        if (!to.bytes[i]) break;
        if (!(present >> to.components[i] & 1)) {
            unsigned size, offset, c, d;
            __cpuid_count(13, to.components[i], size, offset, c, d);
            if (to.components[i] == 1) size = 256, offset = 160;
            memset(state + offset, 0, size);
            present |= UINT64_C(1) << to.components[i];
        }
        memcpy(to.at[i], value + at, (size_t)to.bytes[i]);
    }
    memcpy(state + XSTATE_BV, &present, 8);
}

/* VCVTNE2PS2BF16 of 512 bits without a mask, which processors with AMX have; others may execute
 * it even if CPUID does not say so, and then it does not come here. */
TARGET static int execute_evex(ucontext_t *context, const uint8_t *code) {
    struct decoded d = { .code = code };
    /* Map 0F38, W0, F2; 512 bits, no zeroing, no broadcast, no mask. */
    int is_known = (code[1] & 15) == 2 && (code[2] & 0x87) == 7 && (code[3] & 0xF7) == 0x40
        && code[4] == 0x72;
    if (!is_known) fault("not an instruction of AVX512-BF16", code);
    int x = ~code[1] >> 6 & 1;
    decode_operands(context, &d, 5, ~code[1] >> 7 & 1, x, ~code[1] >> 5 & 1, 64);
    uint8_t *state = (uint8_t *)context->uc_mcontext.fpregs;
    uint8_t low[64], high[64], line[64];
    read_vector(state, (~code[2] >> 3 & 15) | (~code[3] >> 3 & 1) << 4, high);
    if (d.is_register) read_vector(state, d.rm | x << 4, low);
    else memcpy(low, (const void *)(uintptr_t)(d.base + d.index), 64);
    round_line(line, low, high);
    write_vector(state, d.reg | (~code[1] >> 4 & 1) << 4, line);
    return d.length;
}

static void execute(int signal, siginfo_t *info, void *pointer) {
    (void)signal, (void)info;
    ucontext_t *context = pointer;
    const uint8_t *code = (const uint8_t *)(uintptr_t)context->uc_mcontext.gregs[REG_RIP];
    int length = 0;
    if (code[0] == 0xC4) length = execute_vex(context, code);
    else if (code[0] == 0x62) length = execute_evex(context, code);
    else fault("not an instruction of AMX", code);
    context->uc_mcontext.gregs[REG_RIP] += length;
    executed++;
}

int execute_amx(void) {
    if (!p2s_isa_supported(P2S_ISA_AVX512)) return 0;
    struct sigaction action = { .sa_sigaction = execute, .sa_flags = SA_SIGINFO };
    return sigaction(SIGILL, &action, 0) == 0;
}
#else
int execute_amx(void) { return 0; }
int tiles_are_live(void) { return 0; }
long amx_instructions(void) { return 0; }
void break_amx(enum amx_fault which) { (void)which; }
#endif
