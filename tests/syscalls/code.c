/*
 * Code that a program writes while it runs, and every way in which it becomes other code.
 *
 * One function of two instructions, "return N", is written again and again; what it returns must be
 * the last that was written and, where the architecture asks for it, flushed.
 */
#include "test.h"
#include <pthread.h>

enum { SIZE = 65536, PAGE = 4096, WRITES = 40 };
enum { RW = PROT_READ | PROT_WRITE, RX = PROT_READ | PROT_EXEC, RWX = RW | PROT_EXEC };
enum { ANON = MAP_PRIVATE | MAP_ANONYMOUS };

static volatile int stop, wrong;

static void flush(void *code)
{
	__builtin___clear_cache((char *)code, (char *)code + 8);
}

static void put(void *code, int n)
{
#if defined(__aarch64__)
	uint32_t insns[] = { 0x52800000 | n << 5, 0xd65f03c0 };	/* mov w0, #n; ret */

	memcpy(code, insns, sizeof(insns));
#elif defined(__riscv)
	uint32_t insns[] = { 0x513 | n << 20, 0x8067 };		/* li a0, n; ret */

	memcpy(code, insns, sizeof(insns));
#elif defined(__x86_64__)
	memcpy(code, "\xb8", 1);					/* mov $n, %eax; ret */
	memcpy((char *)code + 1, &n, sizeof(n));
	memcpy((char *)code + 5, "\xc3", 1);
#else
#error "no code for this machine"
#endif
}

static int run(void *code)
{
	return ((int (*)(void))code)();
}

static void *runs(void *code)
{
	while (!stop) {
		int n = run(code);

		if (n != 1 && n != 2)
			wrong++;
	}
	return NULL;
}

static void in_place(char *code)
{
	int bad = 0;

	for (int i = 0; i < WRITES; i++) {
		put(code, i);
		flush(code);
		bad += run(code) != i;
	}
	VALUE(bad);
}

static void protected(char *code)
{
	int bad = 0;

	for (int i = 0; i < WRITES; i++) {
		mprotect(code, PAGE, RW);
		put(code, 100 + i);
		mprotect(code, PAGE, RX);
		flush(code);
		bad += run(code) != 100 + i;
	}
	VALUE(bad);
}

/* New memory at an old address, new contents in old memory, old memory at a new address. */
static void replaced(char *code)
{
	int bad = 0;

	for (int i = 0; i < WRITES; i++) {
		if (i & 1)
			munmap(code, SIZE);
		mmap(code, SIZE, RWX, ANON | MAP_FIXED, -1, 0);
		put(code, 200 + i);
		flush(code);
		bad += run(code) != 200 + i;
	}
	VALUE(bad);
	madvise(code, PAGE, MADV_DONTNEED);
	put(code, 7);
	flush(code);
	VALUE(run(code));
	code = mremap(code, SIZE, 2 * SIZE, MREMAP_MAYMOVE);
	VALUE(run(code));
	munmap(code, 2 * SIZE);
}

/* Written and flushed through one view, executed through another. */
static void two_views(void)
{
	int fd = memfd_create("code", 0), bad = 0;
	char *write_view, *run_view;

	CALL(ftruncate(fd, PAGE));
	write_view = mmap(NULL, PAGE, RW, MAP_SHARED, fd, 0);
	run_view = mmap(NULL, PAGE, RX, MAP_SHARED, fd, 0);
	for (int i = 0; i < WRITES; i++) {
		put(write_view + 64, 300 + i);
		flush(write_view + 64);
		bad += run(run_view + 64) != 300 + i;
	}
	VALUE(bad);
	close(fd);
}

/* Other threads run what is changed one aligned word at a time: they may see the old or the new. */
static void under_threads(char *code)
{
	pthread_t thread[2];

	put(code, 1);
	flush(code);
	for (int i = 0; i < 2; i++)
		pthread_create(&thread[i], NULL, runs, code);
	for (int i = 0; i < 5 * WRITES; i++) {
		unsigned char next[8];
		uintptr_t word;

		memcpy(next, code, sizeof(next));
		put(next, 1 + (i & 1));
		memcpy(&word, next, sizeof(word));	/* the number is in there in either case */
		__atomic_store_n((uintptr_t *)(void *)code, word, __ATOMIC_SEQ_CST);
		flush(code);
		usleep(100);
	}
	stop = 1;
	for (int i = 0; i < 2; i++)
		pthread_join(thread[i], NULL);
	VALUE(wrong);
}

int main(void)
{
	char *code = mmap(NULL, SIZE, RWX, ANON, -1, 0);

	test_begin();
	under_threads(code);
	in_place(code);
	protected(code);
	replaced(code);
	two_views();
	return 0;
}
