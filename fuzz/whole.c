/* SPDX-License-Identifier: MIT */
/* How libFuzzer runs whole connections. An input passes through thousands of branches there, and two things that help with a parser cost
 * three quarters of the time: comparisons that are traced (the linker puts these functions in the place of those that do; what strings are
 * compared is still told), and weighing inputs by how often each branch was seen. Parsers have targets of their own. */
#include <stdint.h>
#include <stdlib.h>

#define UNTRACED(name, type)                                  \
    void __wrap___sanitizer_cov_trace_##name(type a, type b); \
    void __wrap___sanitizer_cov_trace_##name(type a, type b)  \
    {                                                         \
        (void)a;                                              \
        (void)b;                                              \
    }
UNTRACED(cmp1, uint8_t)
UNTRACED(cmp2, uint16_t)
UNTRACED(cmp4, uint32_t)
UNTRACED(cmp8, uint64_t)
UNTRACED(const_cmp1, uint8_t)
UNTRACED(const_cmp2, uint16_t)
UNTRACED(const_cmp4, uint32_t)
UNTRACED(const_cmp8, uint64_t)

#ifndef __AFL_COMPILER
__attribute__((visibility("default"))) int LLVMFuzzerInitialize(int *argc, char ***argv);

/* Before what the command line says, which has the last word. */
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    static char flag[] = "-entropic=0";
    char **more = calloc((size_t)*argc + 2, sizeof *more);
    if (!more)
        abort();
    more[0] = (*argv)[0];
    more[1] = flag;
    for (int i = 1; i < *argc; i++)
        more[i + 1] = (*argv)[i];
    *argv = more;
    ++*argc;
    return 0;
}
#endif
