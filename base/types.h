/* Sized integers, guest addresses and bits: the vocabulary of every other file. */
#ifndef BASE_TYPES_H
#define BASE_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int8_t s8;
typedef int16_t s16;
typedef int32_t s32;
typedef int64_t s64;
typedef unsigned __int128 u128;
typedef __int128 s128;

/* A guest virtual address.  Never a host pointer: space.h converts. */
typedef u64 gaddr;

/* 16 bytes of vector register, lane 0 at the lowest address (host order). */
typedef union vec {
	u8 b[16];
	u16 h[8];
	u32 s[4];
	u64 d[2];
	s8 sb[16];
	s16 sh[8];
	s32 ss[4];
	s64 sd[2];
	float f32[4];
	double f64[2];
} __attribute__((aligned(16))) vec;

/* The same as a value that the host's calling convention keeps in one vector register. */
typedef u64 v128 __attribute__((vector_size(16)));

static inline vec vec_of(v128 v)
{
	vec r;
	memcpy(&r, &v, sizeof r);
	return r;
}

static inline v128 v128_of(vec v)
{
	v128 r;
	memcpy(&r, &v, sizeof r);
	return r;
}

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))
#define MIN(a, b) ((a) < (b) ? (a) : (b))
#define MAX(a, b) ((a) > (b) ? (a) : (b))
#define ALIGN_UP(v, a) (((v) + (a) - 1) & ~((__typeof__(v))(a) - 1))
#define ALIGN_DOWN(v, a) ((v) & ~((__typeof__(v))(a) - 1))
#define LIKELY(x) __builtin_expect(!!(x), 1)
#define UNLIKELY(x) __builtin_expect(!!(x), 0)

/* Bits hi..lo of v, shifted down. 0 <= lo <= hi <= 63. */
static inline u64 bits(u64 v, unsigned hi, unsigned lo)
{
	return v >> lo & (~0ull >> (63 - (hi - lo)));
}

/* The low n bits of v as a signed number. 1 <= n <= 64. */
static inline s64 sext(u64 v, unsigned n)
{
	return (s64)(v << (64 - n)) >> (64 - n);
}

static inline u64 ror64(u64 v, unsigned n)
{
	return n & 63 ? v >> (n & 63) | v << (64 - (n & 63)) : v;
}

#endif
