/* amx_in_software.h - AMX's instructions on a processor that has AVX-512 and not AMX. */
#ifndef AMX_IN_SOFTWARE_H
#define AMX_IN_SOFTWARE_H

/* From now on this process executes them, in one thread; 0 where it cannot. */
int execute_amx(void);

/* Whether tiles are configured and not released. */
int tiles_are_live(void);

/* How many instructions were executed so. */
long amx_instructions(void);

#endif
