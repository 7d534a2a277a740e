/*
 * The macros that make struct syscall_row from the rows of syscalls.def, and of a guest's table of
 * the calls that only its architecture has.  Who includes it may define ROW_FIRST, the number that
 * its table begins with.
 */
#ifndef SYSCALL_ROWS_H
#define SYSCALL_ROWS_H

#include "syscall/internal.h"
#include "syscall/table.h"

#ifndef ROW_FIRST
#define ROW_FIRST 0
#endif

#define FULL NULL
#define PARTIAL(what) what

/*
 * An argument of a row, `PATHF(3)` or `FD`, is one number: the kind, and above it what it refers
 * to.
 */
#define REF(kind, what) ((kind) | (what) << 8)
enum arg_words {
	INT = K_INT, UINT = K_UINT, LONG = K_LONG, ULONG = K_ULONG, SIZE = K_SIZE, OFF = K_OFF, OFFHIGH = K_OFFHIGH,
	HEX = K_HEX, HEX64 = K_HEX64,
	OCT = K_OCT, FD = K_FD, DIRFD = K_DIRFD, SIG = K_SIG, ADDR = K_ADDR,
	PTR = K_PTR, STR = K_STR,
	STRV = K_STRV,
	MSGHDR = K_MSGHDR, SIGSET = K_SIGSET, SIGSETOUT = K_SIGSETOUT, FDPAIR = K_FDPAIR,
	PATH = K_PATH,
	LPATH = K_LPATH, NPATH = K_NPATH, IOCTL = K_IOCTL,
};
#define FLAGS(set) REF(K_FLAGS, SET_##set)
#define ENUM(set) REF(K_ENUM, SET_##set)
#define IN(type) REF(K_IN, STRUCT_##type)
#define OUT(type) REF(K_OUT, STRUCT_##type)
#define INBUF(n) REF(K_INBUF, n)
#define OUTBUF(n) REF(K_OUTBUF, n)
#define IOVIN(n) REF(K_IOVIN, n)
#define IOVOUT(n) REF(K_IOVOUT, n)
#define SOCKADDR(n) REF(K_SOCKADDR, n)
#define SOCKADDROUT(n) REF(K_SOCKADDROUT, n)
#define POLLFDS(n) REF(K_POLLFDS, n)
#define PATHF(n) REF(K_PATHF, n)

#define IS_PATH(arg) (((arg) & 0xff) >= K_FIRST_PATH)
#define IS_ADDR(arg) (((arg) & 0xff) == K_ADDR)
#define ANY(is, zero, a, b, c, d, e, f, ...) (is(a) || is(b) || is(c) || is(d) || is(e) || is(f))
#define ROW(nr, mode_, name_, fn_, host_, partial_, ...) \
	[(nr) - ROW_FIRST] = { .name = #name_, .fn = fn_, .partial = partial_, .host = host_, .mode = mode_, \
		 .paths = ANY(IS_PATH, 0, ##__VA_ARGS__, 0, 0, 0, 0, 0, 0), \
		 .addrs = ANY(IS_ADDR, 0, ##__VA_ARGS__, 0, 0, 0, 0, 0, 0), .arg = { __VA_ARGS__ } },
#define PASS(nr, name, support, ...) \
	ROW(nr, MODE_PASS, name, NULL, HOST_NR_##name, support, ##__VA_ARGS__)
#define FLAT(nr, name, support, ...) \
	ROW(nr, MODE_FLAT, name, NULL, HOST_NR_##name, support, ##__VA_ARGS__)
#define BLOCK(nr, name, support, ...) \
	ROW(nr, MODE_BLOCK, name, NULL, HOST_NR_##name, support, ##__VA_ARGS__)
#define FN(nr, name, support, ...) ROW(nr, MODE_FN, name, sys_##name, 0, support, ##__VA_ARGS__)
/* The same call under another number and name. */
#define PASS_AS(nr, name, of, support, ...) ROW(nr, MODE_PASS, name, NULL, HOST_NR_##of, support, ##__VA_ARGS__)
#define BLOCK_AS(nr, name, of, support, ...) ROW(nr, MODE_BLOCK, name, NULL, HOST_NR_##of, support, ##__VA_ARGS__)
#define FN_AS(nr, name, of, support, ...) ROW(nr, MODE_FN, name, sys_##of, 0, support, ##__VA_ARGS__)
#define NOSYS(nr, name, why, ...) ROW(nr, MODE_NOSYS, name, NULL, 0, why, ##__VA_ARGS__)

#endif
