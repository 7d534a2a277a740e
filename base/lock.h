/*
 * A lock for threads that are not libc's.
 *
 * Guest threads are raw clones, so a pthread mutex is out of the question; and the lock must be
 * usable across fork, where only the forking thread goes on.  Three states of one word are enough
 * (Drepper, "Futexes are tricky"): 0 free, 1 held, 2 held and perhaps waited for.  Not recursive,
 * not fair, never held while guest code runs or while a guest system call blocks.
 */
#ifndef BASE_LOCK_H
#define BASE_LOCK_H

#include "base/host.h"
#include "base/host_nr.h"

struct lock { u32 word; };

enum { HOST_FUTEX_WAIT_PRIVATE = 128, HOST_FUTEX_WAKE_PRIVATE = 129 };

static inline bool lock_try(struct lock *l)
{
	u32 free = 0;

	return __atomic_compare_exchange_n(&l->word, &free, 1, false, __ATOMIC_ACQUIRE,
					   __ATOMIC_RELAXED);
}

static inline void lock_take(struct lock *l)
{
	if (LIKELY(lock_try(l)))
		return;
	while (__atomic_exchange_n(&l->word, 2, __ATOMIC_ACQUIRE) != 0)
		host_syscall4(HOST_NR_futex, (u64)&l->word, HOST_FUTEX_WAIT_PRIVATE, 2, 0);
}

static inline void lock_drop(struct lock *l)
{
	if (__atomic_exchange_n(&l->word, 0, __ATOMIC_RELEASE) == 2)
		host_syscall3(HOST_NR_futex, (u64)&l->word, HOST_FUTEX_WAKE_PRIVATE, 1);
}

/* In a forked child: nobody else is there to wait any more. */
static inline void lock_reset(struct lock *l)
{
	l->word = 0;
}

#endif
