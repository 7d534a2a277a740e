# Programs for tests/libm.bash: the guest's C libraries, linked statically.
LIBM       = $(BUILD)/tests/libm
# -fno-builtin: the library's functions, not the compiler's instructions
LIBM_FLAGS = -std=gnu11 -O2 -fno-builtin -Wall
MUSL_GUEST = $(SYSROOT)/usr/lib/$(TEST_GUEST)-linux-musl

.PHONY: libm
libm: $(LIBM)/glibc $(LIBM)/musl
$(LIBM)/glibc: tests/libm/libm.c
	@mkdir -p $(@D)
	$(CROSS_CC) $(LIBM_FLAGS) -static -o $@ $< -lm
$(LIBM)/musl: tests/libm/libm.c $(SYSROOT).stamp
	@mkdir -p $(@D)
	$(CROSS_CC) $(LIBM_FLAGS) -static -nostdinc -isystem $(SYSROOT)/usr/include/$(TEST_GUEST)-linux-musl \
	  -nostdlib -no-pie -o $@ $(MUSL_GUEST)/crt1.o $< -L$(MUSL_GUEST) -lc -lgcc
