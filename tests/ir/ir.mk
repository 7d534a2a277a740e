# The IR tests: build/tests/ir/ir-test, linked as the runners are, against the common objects.

IR_TEST_SRC = $(wildcard tests/ir/*.c)
IR_TEST_OBJ = $(IR_TEST_SRC:%.c=$(BUILD)/%.o)
IR_TEST     = $(BUILD)/tests/ir/ir-test

# An archive, so that the runner's own parts, which need a real guest, stay out.
$(BUILD)/tests/common.a: $(filter-out $(BUILD)/runner/%,$(COMMON_OBJ))
	@mkdir -p $(@D)
	@rm -f $@
	ar rcs $@ $^

$(IR_TEST): $(IR_TEST_OBJ) $(BUILD)/tests/common.a $(BUILD)/flags
	$(CC) $(LDFLAGS) -o $@ $(MUSL)/crt1.o $(MUSL)/crti.o $(IR_TEST_OBJ) \
	  -Wl,--start-group $(BUILD)/tests/common.a $(LIBS) -Wl,--end-group $(MUSL)/crtn.o

-include $(IR_TEST_OBJ:.o=.d)

# tests/ir.bats runs the same on every engine.
.PHONY: ir-test
ir-test: $(IR_TEST)
