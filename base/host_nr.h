/*
 * The numbers of the host's system calls: HOST_NR_openat and so on.
 *
 * numbers.def comes from base/host/HOST/, which the Makefile puts on the include path; names that a
 * host's kernel never had are simply absent there.
 */
#ifndef BASE_HOST_NR_H
#define BASE_HOST_NR_H

enum host_nr {
#define N(name, nr) HOST_NR_##name = nr,
#include "numbers.def"
#undef N
};

#endif
