# riscv32's cases are run by the same code as riscv64's.
$(BUILD)/tests/riscv32/cases: $(BUILD)/tests/riscv64/cases.o $(BUILD)/tests/cases/cases.o $(call TEST_OBJ,riscv32)
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) -o $@ $(MUSL)/crt1.o $(MUSL)/crti.o $(filter %.o,$^) \
	  -Wl,--start-group $(LIBS) -Wl,--end-group $(MUSL)/crtn.o

VDSO_CROSS_riscv32 = riscv64-linux-gnu- -march=rv32gc -mabi=ilp32d
VDSO_IMAGE_riscv32 = vdso_image_riscv32.h
