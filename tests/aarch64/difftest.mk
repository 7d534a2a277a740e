# The random differential test of the frontend: tests/aarch64/difftest/difftest.
DIFFTEST = $(BUILD)/difftest
DIFFTEST_SRC = tests/aarch64/difftest
DIFFTEST_GEN = $(addprefix $(DIFFTEST_SRC)/,gen.c inputs.c units.c)
DIFFTEST_CMP = $(addprefix $(DIFFTEST_SRC)/,cmp.c known.c)
DIFFTEST_DEPS = base/insn.c $(BUILD)/gen/frontends/aarch64/decode.c

.PHONY: difftest
difftest: $(DIFFTEST)/gen $(DIFFTEST)/cmp $(DIFFTEST)/run
$(DIFFTEST)/gen: $(DIFFTEST_GEN) $(DIFFTEST_DEPS)
$(DIFFTEST)/cmp: $(DIFFTEST_CMP) $(DIFFTEST_DEPS)
$(DIFFTEST)/gen $(DIFFTEST)/cmp: $(wildcard $(DIFFTEST_SRC)/*.h)
	@mkdir -p $(@D)
	gcc -std=gnu11 -O2 -g -Wall -Wextra -D_GNU_SOURCE -DDECODE_ONLY -I. -I$(BUILD)/gen -o $@ $(filter %.c,$^)
$(DIFFTEST)/run: $(DIFFTEST_SRC)/run.c $(DIFFTEST_SRC)/dt.h
	@mkdir -p $(@D)
	aarch64-linux-gnu-gcc -std=gnu11 -O2 -static -Wall -D_GNU_SOURCE -o $@ $<
