# The random differential test of the RISC-V frontend: tests/riscv64/difftest/difftest.
define rv_difftest
.PHONY: difftest-$(1)
difftest-$(1): $$(BUILD)/difftest-$(1)/gen $$(BUILD)/difftest-$(1)/cmp $$(BUILD)/difftest-$(1)/run
$$(BUILD)/difftest-$(1)/gen $$(BUILD)/difftest-$(1)/cmp: $$(BUILD)/difftest-$(1)/%: tests/riscv64/difftest/%.c \
		tests/riscv64/guest_case.h tests/cases/cases.h base/insn.c $$(BUILD)/gen/frontends/riscv/decode.c
	@mkdir -p $$(@D)
	gcc -std=gnu11 -O2 -g -Wall -Wextra -D_GNU_SOURCE -DDECODE_ONLY -DXLEN=$(patsubst riscv%,%,$(1)) -I. -I$$(BUILD)/gen -o $$@ $$(filter %.c,$$^)
# A signal does not restore gp: nothing may use it.
$$(BUILD)/difftest-$(1)/run: tests/riscv64/oracle_guest.c tests/riscv64/guest_case.h tests/cases/cases.h $$(call cross_lib,$(1))
	@mkdir -p $$(@D)
	$$(call cross_cc,$(1)) -std=gnu11 -O2 -static -Wall -Wl,--no-relax -o $$@ $$<
endef
$(foreach g,riscv64 riscv32,$(eval $(call rv_difftest,$(g))))
