/* The card of the riscv32 guest. */
#define RV_XLEN 32
#include "frontends/riscv/vdso_image_riscv32.h"
#include "frontends/riscv/card.h"
