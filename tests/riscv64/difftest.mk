# The random differential test of the RISC-V frontend: tests/riscv64/difftest/difftest.
RV_DIFFTEST = $(BUILD)/difftest-riscv64

.PHONY: difftest-riscv64
difftest-riscv64: $(RV_DIFFTEST)/gen $(RV_DIFFTEST)/cmp $(RV_DIFFTEST)/run
$(RV_DIFFTEST)/gen $(RV_DIFFTEST)/cmp: $(RV_DIFFTEST)/%: tests/riscv64/difftest/%.c tests/riscv64/guest_case.h \
		tests/cases/cases.h base/insn.c $(BUILD)/gen/frontends/riscv/decode.c
	@mkdir -p $(@D)
	gcc -std=gnu11 -O2 -g -Wall -Wextra -D_GNU_SOURCE -DDECODE_ONLY -I. -I$(BUILD)/gen -o $@ $(filter %.c,$^)
# A signal does not restore gp: nothing may use it.
$(RV_DIFFTEST)/run: tests/riscv64/oracle_guest.c tests/riscv64/guest_case.h tests/cases/cases.h
	@mkdir -p $(@D)
	riscv64-linux-gnu-gcc -std=gnu11 -O2 -static -Wall -Wl,--no-relax -o $@ $<
