/* amx_in_software.h - AMX's instructions on a processor that has AVX-512 and not AMX. */
#ifndef AMX_IN_SOFTWARE_H
#define AMX_IN_SOFTWARE_H

/* From now on this process executes them, in one thread; 0 where it cannot. */
int execute_amx(void);

/* Whether tiles are configured and not released. */
int tiles_are_live(void);

/* From now on the results of these instructions have a wrong bit. */
enum amx_fault { NO_FAULT, FAULT_BF16, FAULT_U8, FAULT_S8 };
void break_amx(enum amx_fault fault);

/* How many instructions were executed so. */
long amx_instructions(void);

#endif
