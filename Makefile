# Dragoman: one static runner per guest.  `make help` lists what can be made.
#
# Common code (base, translator, syscall, loader, runner) is compiled once;
# a guest adds the objects of its folder under frontends/ and is linked into
# its own binary.  The runner is linked at a fixed high address without
# relocations: no layout of the kernel places anything there, every table is a
# clean shared page, and translated code may rely on the run-time's addresses.

GUESTS  = aarch64 riscv64 riscv32
PREFIX  = /usr/local
DESTDIR =
DEBUG   = 0
VERSION = 0.1

MAKEFLAGS += -r
.DELETE_ON_ERROR:
V       = 0
say     = $(if $(filter 1,$(V)),,@echo '  $(1)	$(2)';)

CC      = gcc
INSTALL = install
BUILD   = build$(if $(filter 1,$(DEBUG)),/debug)
HOST    = x64

MUSL    = /usr/lib/x86_64-linux-musl
MUSLINC = /usr/include/x86_64-linux-musl
GCCLIB  = $(dir $(shell $(CC) -print-libgcc-file-name))
GCCINC  = $(shell $(CC) -print-file-name=include)

WARN    = -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wno-unused-parameter
CFLAGS  = -std=gnu11 -O2 -g $(WARN)
ifeq ($(DEBUG),1)
# The compiler defines shifts of negative numbers, and we use them.
CFLAGS += -O1 -DDEBUG=1 -fsanitize=undefined -fno-sanitize=shift-base -fsanitize-undefined-trap-on-error
endif
ALL_CFLAGS = $(CFLAGS) -fPIE -fno-strict-aliasing -fno-stack-protector -D_GNU_SOURCE \
  -DVERSION='"$(VERSION)"' -nostdinc -isystem $(MUSLINC) -isystem $(GCCINC) \
  -I. -Ibase/host/$(HOST) -I$(BUILD)/gen -MMD -MP
# Headers of the distribution's libraries (libelf, capstone, zlib), after musl's.
LIB_CFLAGS = -idirafter /usr/include -idirafter /usr/include/x86_64-linux-gnu

LDFLAGS = -Wl,--compress-debug-sections=zlib -static -no-pie -nostdlib -nostartfiles -Wl,--no-relax -Wl,--build-id \
  -Wl,-Ttext-segment=0x200000000000 -Wl,--defsym=_DYNAMIC=0x200000000000 -Wl,-z,noexecstack
LIBS    = -L$(MUSL) -L/usr/lib/x86_64-linux-gnu -lelf -lz -lcapstone -lc -L$(GCCLIB) -lgcc

COMMON_DIRS = base base/host/$(HOST) translator translator/host/$(HOST) syscall syscall/host/$(HOST) loader semihosting runner
COMMON_SRC  = $(foreach d,$(COMMON_DIRS),$(wildcard $(d)/*.c))
COMMON_OBJ  = $(COMMON_SRC:%.c=$(BUILD)/%.o)
# A folder serves the guest of its name, or each guest that it has a card_GUEST.c for.
guest_card  = $(wildcard frontends/*/card_$(1).c)
guest_dir   = $(if $(guest_card),$(patsubst %/,%,$(dir $(guest_card))),frontends/$(1))
guest_src   = $(filter-out $(guest_dir)/card_%.c,$(wildcard $(guest_dir)/*.c)) $(guest_card)
guest_obj   = $(patsubst %.c,$(BUILD)/%.o,$(call guest_src,$(1))) $(BUILD)/gen/$(call guest_dir,$(1))/decode.o
RUNNERS     = $(GUESTS:%=$(BUILD)/dragoman-%)
BINFMT      = $(BUILD)/dragoman-binfmt
BINFMT_OBJ  = $(patsubst %.c,$(BUILD)/%.o,$(wildcard binfmt/*.c) base/elfnames.c)

#: all             build the runners and dragoman-binfmt; GUESTS="..." chooses, DEBUG=1 adds sanitizer and verifier, V=1 shows commands
.PHONY: all
all: $(RUNNERS) $(BINFMT)

.SECONDEXPANSION:
$(RUNNERS): $(BUILD)/dragoman-%: $(COMMON_OBJ) $$(call guest_obj,$$*) $(BUILD)/flags $(BUILD)/sources
	$(call say,LINK,$@) $(CC) $(LDFLAGS) -o $@ $(MUSL)/crt1.o $(MUSL)/crti.o $(filter %.o,$^) \
	  -Wl,--start-group $(LIBS) -Wl,--end-group $(MUSL)/crtn.o

$(BINFMT): $(BINFMT_OBJ) $(BUILD)/flags
	$(call say,LINK,$@) $(CC) $(LDFLAGS) -o $@ $(MUSL)/crt1.o $(MUSL)/crti.o $(BINFMT_OBJ) \
	  -L$(MUSL) -lc -L$(GCCLIB) -lgcc $(MUSL)/crtn.o

$(BUILD)/%.o: %.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(call say,CC,$<) $(CC) $(ALL_CFLAGS) $(if $(shell grep -lE 'libelf|gelf|capstone|zlib' $<),$(LIB_CFLAGS)) -c -o $@ $<

# Recompile when the flags change, and link again when a source comes or goes.
note = @mkdir -p $(BUILD); echo '$(1)' | cmp -s - $@ || echo '$(1)' > $@
$(BUILD)/flags: FORCE
	$(call note,$(CC) $(ALL_CFLAGS) $(LDFLAGS))
$(BUILD)/sources: FORCE
	$(call note,$(sort $(COMMON_SRC) $(foreach g,$(GUESTS),$(call guest_src,$(g)))))
.PHONY: FORCE
FORCE:

# The decoder of each guest, made from its instruction table.
$(BUILD)/mkdecode: $(wildcard tools/mkdecode*.[ch] base/insn.h)
	@mkdir -p $(@D)
	$(call say,CC,$@) $(CC) -std=gnu11 -O2 -g $(WARN) -I. -o $@ $(filter %.c,$^)

.PRECIOUS: $(BUILD)/gen/frontends/%/decode.c $(BUILD)/gen/frontends/%/decode.h
$(BUILD)/gen/frontends/%/decode.c $(BUILD)/gen/frontends/%/decode.h &: frontends/%/insn.tbl $(BUILD)/mkdecode
	@mkdir -p $(@D)
	$(call say,DECODE,$<) $(BUILD)/mkdecode -o $(BUILD)/gen/frontends/$*/decode $<

$(BUILD)/gen/frontends/%/decode.o: $(BUILD)/gen/frontends/%/decode.c
	$(call say,CC,$<) $(CC) $(ALL_CFLAGS) -c -o $@ $<

# Guest sources include the generated header.
$(foreach g,$(GUESTS),$(patsubst %.c,$(BUILD)/%.o,$(call guest_src,$(g)))): | $(foreach g,$(GUESTS),$(BUILD)/gen/$(call guest_dir,$(g))/decode.h)

-include $(COMMON_OBJ:.o=.d) $(BINFMT_OBJ:.o=.d) $(foreach g,$(GUESTS),$(patsubst %.o,%.d,$(call guest_obj,$(g))))

#: install         install the runners and dragoman-binfmt; PREFIX= (/usr/local) and DESTDIR= choose the place
.PHONY: install
install: all
	$(INSTALL) -d $(DESTDIR)$(PREFIX)/bin
	$(INSTALL) -s $(RUNNERS) $(BINFMT) $(DESTDIR)$(PREFIX)/bin

#: install-compat  install, with links by the names that scripts call: qemu-GUEST, qemu-GUEST-static
.PHONY: install-compat
install-compat: install
	for g in $(GUESTS); do \
	  for link in qemu-$$g qemu-$$g-static; do \
	    ln -sf dragoman-$$g $(DESTDIR)$(PREFIX)/bin/$$link; \
	  done; \
	done

#: install-binfmt  install, with files that register at boot: systemd's binfmt.d, Debian's binfmt-support
# systemd reads no share/ of another prefix than these two; the files of both are harmless side by side.
.PHONY: install-binfmt
install-binfmt: install
	$(INSTALL) -d $(DESTDIR)$(PREFIX)/lib/binfmt.d $(DESTDIR)$(PREFIX)/share/binfmts
	set -e; for g in $(GUESTS); do \
	  $(BINFMT) show -systemd -path $(PREFIX)/bin $$g > $(DESTDIR)$(PREFIX)/lib/binfmt.d/dragoman-$$g.conf; \
	  $(BINFMT) show -debian -path $(PREFIX)/bin $$g > $(DESTDIR)$(PREFIX)/share/binfmts/dragoman-$$g; \
	done

#: image           build/dragoman-image.tar, a container image that installs the runners (OCI archive)
.PHONY: image
image: $(BUILD)/dragoman-image.tar
$(BUILD)/dragoman-image.tar: $(RUNNERS) $(BINFMT) binfmt/image.sh LICENSE
	$(call say,IMAGE,$@) binfmt/image.sh $@ $(VERSION) $(RUNNERS) $(BINFMT)

-include tests/tests.mk

#: syscalls        print the support table of the system calls, from their rows
.PHONY: syscalls
syscalls:
	@awk -f tools/syscalls.awk syscall/syscalls.def
	@printf '\nWhere a long has 32 bits, these are in the place of the others:\n\n'
	@awk -f tools/syscalls.awk syscall/syscalls32.def

#: clean           remove build/
.PHONY: clean
clean:
	rm -rf build

#: help            this
.PHONY: help
help:
	@echo 'Dragoman $(VERSION)'
	@sed -n 's/^#: /  make /p' $(MAKEFILE_LIST)
