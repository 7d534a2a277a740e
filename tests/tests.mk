# Targets that test, measure and show: included by the top-level Makefile.
#
# Test programs and benchmark kernels are built twice, natively and for the guest, with the same
# flags; the native output is what the guest's is held against.
#
# TEST_GUEST is the guest of the bench, and of the tests that are about no guest in particular.  What is about
# a guest is run for each of CHECK_GUESTS: all, unless TEST_GUEST was chosen.

TEST_GUEST   = $(firstword $(GUESTS))
CHECK_GUESTS = $(if $(filter command,$(firstword $(origin TEST_GUEST))),$(TEST_GUEST),$(GUESTS))
# Debian has no C library for these, nor anything else: tools/musl.sh makes one.
MUSL_GUESTS  = riscv32
DEBIAN_GUESTS = $(filter-out $(MUSL_GUESTS),$(CHECK_GUESTS))
cross_cc     = $(if $(filter $(1),$(MUSL_GUESTS)),build/musl/$(1)/bin/)$(1)-linux-gnu-gcc
# A prerequisite of programs that are made for a guest.
cross_lib    = $(if $(filter $(1),$(MUSL_GUESTS)),$(call cross_cc,$(1)))
CROSS_CC     = $(call cross_cc,$(TEST_GUEST))
CROSS_CFLAGS = -std=gnu11 -O2 -static -pthread -Wall
RUNNER      ?= $(BUILD)/dragoman-$(TEST_GUEST)
SYSROOT     ?= build/sysroot/$(TEST_GUEST)
export RUNNER SYSROOT TEST_GUEST BUILD CROSS_CC

#: deps            install what is missing from Debian's packages, or say what is
.PHONY: deps
deps:
	tools/deps.sh

#: sysroot         fetch the guests' Debian programs into build/sysroot
.PHONY: sysroot $(GUESTS:%=sysroot-%)
sysroot: $(DEBIAN_GUESTS:%=sysroot-%)
$(GUESTS:%=sysroot-%): sysroot-%:
	tools/sysroot.sh $* $(if $(filter $(TEST_GUEST),$*),$(SYSROOT),build/sysroot/$*)

$(foreach g,$(MUSL_GUESTS),$(eval $(call cross_cc,$(g)): tools/musl.sh ; tools/musl.sh $(g) build/musl/$(g)))

#: bench           speed against native and other emulators: K="sieve fib" BENCH_RUNS=5 BENCH_CLOCK=cpu QEMU=
BENCH_SRC    = $(wildcard bench/kernels/*.c)
BENCH_NATIVE = $(BENCH_SRC:bench/kernels/%.c=$(BUILD)/bench/native/%)
BENCH_GUEST  = $(BENCH_SRC:bench/kernels/%.c=$(BUILD)/bench/$(TEST_GUEST)/%)
BENCH_DEPS   = bench/kernels/bench.h bench/kernels/interp.h bench/kernels.txt
bench_level  = -$(shell awk '$$1 == "$(1)" { print $$2 }' bench/kernels.txt)

.PHONY: bench bench-programs
bench: all bench-programs
	bench/run.sh $(K)

bench-programs: $(BENCH_NATIVE) $(BENCH_GUEST) $(BUILD)/bench/driver

$(BENCH_NATIVE): $(BUILD)/bench/native/%: bench/kernels/%.c $(BENCH_DEPS)
	@mkdir -p $(@D)
	gcc $(CROSS_CFLAGS) $(call bench_level,$*) -o $@ $< -lm

$(BENCH_GUEST): $(BUILD)/bench/$(TEST_GUEST)/%: bench/kernels/%.c $(BENCH_DEPS) $(call cross_lib,$(TEST_GUEST))
	@mkdir -p $(@D)
	$(CROSS_CC) $(CROSS_CFLAGS) $(call bench_level,$*) -o $@ $< -lm

$(BUILD)/bench/driver: bench/driver.c
	@mkdir -p $(@D)
	gcc -std=gnu11 -D_GNU_SOURCE -O2 -Wall -Wextra -o $@ $< -lm

# Objects of tests follow the headers that they include, as all others do.
-include $(wildcard $(BUILD)/tests/*/*.d)

# The instruction cases of a guest: its frontend on an engine of the translator, in process.
TEST_OBJ = $(filter-out $(BUILD)/runner/main.o,$(COMMON_OBJ)) $(call guest_obj,$(1))
GUEST_TESTS = $(filter-out $(BUILD)/tests/riscv32/%,$(GUESTS:%=$(BUILD)/tests/%/cases)) $(BUILD)/tests/aarch64/helpers
$(GUEST_TESTS): $(BUILD)/tests/%: $(BUILD)/tests/%.o $$(call TEST_OBJ,$$(*D))
	$(CC) $(LDFLAGS) -o $@ $(MUSL)/crt1.o $(MUSL)/crti.o $(filter %.o,$^) \
	  -Wl,--start-group $(LIBS) -Wl,--end-group $(MUSL)/crtn.o

# After a change of frontends/G/vdso.S or tests/G/forms*.txt; they need a cross compiler, and the second an oracle.
.PHONY: vdso cases
vdso:
	tools/vdso.sh $(call guest_dir,$(TEST_GUEST)) $(or $(VDSO_CROSS_$(TEST_GUEST)),$(TEST_GUEST)-linux-gnu-) > $(BUILD)/vdso_image.h
	mv $(BUILD)/vdso_image.h $(call guest_dir,$(TEST_GUEST))/$(or $(VDSO_IMAGE_$(TEST_GUEST)),vdso_image.h)
cases:
	for forms in tests/$(TEST_GUEST)/forms*.txt; do \
	  tests/$(TEST_GUEST)/oracle.py $(BUILD) < $$forms > $(BUILD)/cases.txt && \
	  mv $(BUILD)/cases.txt $$(echo $$forms | sed s/forms/cases/) || exit 1; \
	done

#: helpers         write the lists of docs/helpers.md again: which instructions call C functions
HELPERS_MD = docs/helpers.md
.PHONY: helpers
helpers: $(BUILD)/tests/$(TEST_GUEST)/helpers
	sed '/^## /,$$d' $(HELPERS_MD) | sed -e :a -e '/^\n*$$/{$$d;N;ba' -e '}' > $(BUILD)/helpers.md
	tests/$(TEST_GUEST)/helpers.sh $< >> $(BUILD)/helpers.md
	mv $(BUILD)/helpers.md $(HELPERS_MD)

# The host code of hot instructions, after a change that means to change it: look at the difference.
.PHONY: hostcode
hostcode: all
	tests/$(TEST_GUEST)/hostcode.sh < tests/$(TEST_GUEST)/hostcode.txt > $(BUILD)/hostcode.txt
	mv $(BUILD)/hostcode.txt tests/$(TEST_GUEST)/hostcode.txt
	git diff tests/$(TEST_GUEST)/hostcode.txt

# System-call programs: tests/syscalls/*.c for every machine, tests/syscalls/GUEST/*.c for one.
SYSCALL_NAMES  = $(shell awk '!/^\#/ { print $$1 }' tests/syscalls.txt)
SYSCALL_NATIVE = $(foreach n,$(SYSCALL_NAMES),$(if $(findstring /,$(n)),,$(n)))
syscall_except = $(shell awk '!/^\#/ { for (i = 3; i <= NF; i++) if ($$i == "$(1)") print $$1 }' tests/syscalls.txt)
syscall_names  = $(filter-out $(call syscall_except,$(1)),$(SYSCALL_NATIVE)) $(filter $(1)/%,$(SYSCALL_NAMES))
SYSCALL_GUEST  = $(foreach g,$(CHECK_GUESTS),$(addprefix $(BUILD)/tests/syscalls/$(g)/,$(call syscall_names,$(g))))
SYSCALL_FLAGS  = -std=gnu11 -O2 -static -pthread -Wall -Wno-unused-result -Wno-nonnull \
  -Wno-stringop-overflow -Wno-stringop-overread -Wno-infinite-recursion
TEST_PROGRAMS  = $(SYSCALL_GUEST) $(SYSCALL_NATIVE:%=$(BUILD)/tests/syscalls/native/%)

define syscall_rule
$$(BUILD)/tests/syscalls/$(1)/%: tests/syscalls/%.c tests/syscalls/test.h $(call cross_lib,$(1))
	@mkdir -p $$(@D)
	$$(if $$(filter $$(TEST_GUEST),$(1)),$$(CROSS_CC),$(call cross_cc,$(1))) $$(SYSCALL_FLAGS) -o $$@ $$<
endef
$(foreach g,$(GUESTS),$(eval $(call syscall_rule,$(g))))

$(BUILD)/tests/syscalls/native/%: tests/syscalls/%.c tests/syscalls/test.h
	@mkdir -p $(@D)
	gcc $(SYSCALL_FLAGS) -o $@ $<

# What make check runs: the tests written by hand, and those written from data.
BATS_FILES     = $(filter-out $(GUESTS:%=tests/%.bats),$(wildcard tests/*.bats)) \
  $(foreach g,$(CHECK_GUESTS),tests/$(g).bats $(BUILD)/tests/syscalls-$(g).bats) \
  $(DEBIAN_GUESTS:%=$(BUILD)/tests/real-%.bats)

$(GUESTS:%=$(BUILD)/tests/syscalls-%.bats): $(BUILD)/tests/syscalls-%.bats: tests/syscalls.txt tests/mkbats.sh
	@mkdir -p $(@D)
	printf '%s\n' $(call syscall_names,$*) | tests/mkbats.sh syscalls $* > $@

$(GUESTS:%=$(BUILD)/tests/real-%.bats): $(BUILD)/tests/real-%.bats: tests/real/cases.txt tests/mkbats.sh
	@mkdir -p $(@D)
	sed -n 's/^== //p' $< | tests/mkbats.sh real $* > $@

#: layers          check who may include and call whom
.PHONY: layers
layers:
	tools/layers.sh $(BUILD)

.PHONY: test-programs
test-programs: $(TEST_PROGRAMS)

#: check           the tests; ends with "N passed, N failed"
.PHONY: check
check: all test-programs sysroot $(BATS_FILES)
	tests/run.sh $(BATS_FILES)

# A whole Debian of each guest: what is in a folder of its own is run for all of them, as the rest of tests/long for one.
WORLD_FILES    = $(foreach g,$(CHECK_GUESTS),$(BUILD)/tests/world-$(g).bats \
  $(patsubst tests/long/world/%.bats,$(BUILD)/tests/%-$(g).bats,$(wildcard tests/long/world/*.bats)))

$(GUESTS:%=$(BUILD)/tests/world-%.bats): $(BUILD)/tests/world-%.bats: tests/world/cases.txt tests/mkbats.sh
	@mkdir -p $(@D)
	sed -n 's/^== //p' $< | tests/mkbats.sh world $* > $@

define world_rule
$$(BUILD)/tests/%-$(1).bats: tests/long/world/%.bats
	@mkdir -p $$(@D)
	sed '1i [ "$$$${TEST_GUEST:-}" = $(1) ] || { TEST_GUEST=$(1); unset RUNNER SYSROOT CROSS_CC; }' $$< > $$@
endef
$(foreach g,$(GUESTS),$(eval $(call world_rule,$(g))))

#: check-world     Debian in the large, for each guest: debootstrap, apt, languages many times over, stress-ng (root, hours)
.PHONY: check-world
check-world: all $(WORLD_FILES)
	tests/run.sh $(WORLD_FILES)

#: check-all       the thorough run: also what needs many repetitions, and check-world
.PHONY: check-all
check-all: all test-programs sysroot $(BATS_FILES) $(WORLD_FILES)
	CHECK_ALL=1 tests/run.sh $(BATS_FILES) $(wildcard tests/long/*.bats) $(WORLD_FILES)

#: demo            everything from an empty machine to foreign programs that run
# One after the other: what is missing is installed before anything is built.
.PHONY: demo
demo: deps
	$(MAKE) all sysroot
	tools/demo.sh

# Each folder of tests may say how its programs are built.
include $(wildcard tests/*/*.mk)
