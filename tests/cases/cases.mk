# The instruction cases of a guest: its frontend on an engine of the translator, in process.  A guest that is
# tested by tests/cases/cases.c brings tests/GUEST/cases.c, which tells it about the guest.
CASES_GUESTS = riscv64
$(CASES_GUESTS:%=$(BUILD)/tests/%/cases): $(BUILD)/tests/cases/cases.o
