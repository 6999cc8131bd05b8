/*
 * forms.h - every kernel and the form of it that each instruction set runs, once.
 *
 * From this list come the hidden declarations and the choice at run time
 * (kernels.h), and what Tests/Kernels tests and times. A kernel is added by a line
 * here, its functions p2s_<name>_<form>, and a test and a timing of its name.
 *
 * Every kernel has a portable form, the specification. An instruction set without
 * a form of its own names the one it runs instead. The reduced kernels (bf16, i8) read
 * 4-byte words where their structs say float; reduced.c knows when AVX-512 lacks them.
 */
#ifndef P2S_FORMS_H
#define P2S_FORMS_H

/*         name             arguments                                AVX2      AVX-512 NEON      AMX */
#define P2S_KERNELS(KERNEL)                                                                               \
    KERNEL(tile,            (const struct p2s_tile *tile),           avx2,     avx512, neon,     avx512)  \
    KERNEL(tile_bf16,       (const struct p2s_tile *tile),           portable, avx512, portable, avx512)  \
    KERNEL(tile_i8,         (const struct p2s_tile *tile),           avx2,     avx512, portable, avx512)  \
    KERNEL(grouped,         (const struct p2s_grouped_row *row),     avx2,     avx512, neon,     avx512)  \
    KERNEL(grouped_bf16,    (const struct p2s_grouped_row *row),     portable, avx512, portable, avx512)  \
    KERNEL(grouped_i8,      (const struct p2s_grouped_row *row),     avx2,     avx512, portable, avx512)  \
    KERNEL(products,        (const struct p2s_products *run),        avx2,     avx512, portable, amx)     \
    KERNEL(quantized_tiles, (const struct p2s_quantized_run *run),   portable, avx512, portable, amx)     \
    KERNEL(split,           (const struct p2s_split_panel *in),      avx2,     avx512, portable, avx512)   \
    KERNEL(lines,           (const struct p2s_lines *in),            avx2,     avx512, portable, avx512)   \
    KERNEL(winograd_input,  (const struct p2s_winograd_input *in),   avx2,     avx512, neon,     avx512)  \
    KERNEL(winograd_output, (const struct p2s_winograd_output *out), avx2,     avx512, neon,     avx512)  \
    KERNEL(winograd_pack,   (const struct p2s_winograd_filters *in), avx2,     avx512, portable, avx512)  \
    KERNEL(maxpool,         (const struct p2s_maxpool_row *row),     avx2,     avx512, portable, avx512)  \
    KERNEL(dots,            (const struct p2s_dots *dots),           avx2,     avx512, neon,     avx512)  \
    KERNEL(pack,            (const struct p2s_square *square),       portable, avx512, portable, avx512)

#endif
