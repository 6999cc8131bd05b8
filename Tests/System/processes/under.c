/*
 * under.c - a library to preload: what the process runs under. UNDER=refusal filters the request for tiles; UNDER=alarms
 * has a handler on a small signal stack interrupt it every 200 us.
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
#include <unistd.h>

static volatile sig_atomic_t alarms;

static void on_alarm(int number) {
    volatile char frame[256];
    for (int i = 0; i < 256; i++) frame[i] = (char)number;
    alarms += frame[0] != 0;
}

static void say_alarms(void) { fprintf(stderr, "under: %d alarms\n", (int)alarms); }

__attribute__((constructor)) static void start(void) {
    const char *under = getenv("UNDER");
    if (under && strcmp(under, "refusal") == 0) {
        struct sock_filter code[] = {
            BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
            BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_arch_prctl, 0, 1),
            BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
            BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
        };
        struct sock_fprog program = { sizeof code / sizeof *code, code };
        if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program))
            _exit(99);
    }
    if (under && strcmp(under, "alarms") == 0) {
        size_t size = (size_t)sysconf(_SC_MINSIGSTKSZ) + 1024;
        const stack_t signals = { .ss_sp = malloc(size), .ss_size = size };
        struct sigaction action = { .sa_handler = on_alarm, .sa_flags = SA_ONSTACK | SA_RESTART };
        const struct itimerval often = { { 0, 200 }, { 0, 200 } };
        atexit(say_alarms);
        if (!signals.ss_sp || sigaltstack(&signals, 0) || sigaction(SIGALRM, &action, 0)
            || setitimer(ITIMER_REAL, &often, 0))
            _exit(99);
    }
}
