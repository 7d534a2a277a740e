/* The card of the riscv64 guest. */
#define RV_XLEN 64
#include "frontends/riscv/vdso_image.h"
#include "frontends/riscv/card.h"
