#!/usr/bin/env python3
"""Makes cases.txt: what each line of forms.txt does, as an oracle says.

    oracle.py BUILD_DIR < forms.txt > cases.txt

The oracle is a qemu of version 10 or later for the guest ($ORACLE; older ones lack extensions), never our own
output.  $TOOLS, a riscv64 emulator, runs the assembler of the riscv64 sysroot ($SYSROOT), which knows extensions
that a host's cross assembler may not.  The guest is that of the folder that this is called by.  One line of forms.txt is

    assembly[; assembly...] [| inputs [| inputs...]]

where {a,b} stands for a line with each.  Inputs are as in cases.txt (see tests/cases/cases.c); without any,
sets are made up for the registers that the text names.
Same lines, same made-up inputs: the generator is seeded by the text.
"""
import os, random, re, struct, subprocess, sys

CODE, START, DATA, MEM, MAX = 0x30000000, 2048, 0x20000000, 512, 32
CASE = struct.Struct("<32Q32QII512sQ32s")
GUEST = os.path.basename(os.path.dirname(os.path.abspath(__file__)))
XLEN = int(GUEST[5:])
ORACLE = os.environ.get("ORACLE", "qemu-%s-static" % GUEST).split()
TOOLS = os.environ.get("TOOLS", "qemu-riscv64-static").split()
SYSROOT = "build/sysroot/riscv64"
CC = "riscv64-linux-gnu-gcc" if XLEN == 64 else "build/musl/riscv32/bin/riscv32-linux-gnu-gcc"
EXTENSIONS = ("zba,zbb,zbc,zbs,zbkb,zbkc,zbkx,zknd,zkne,zknh,zksed,zksh,zicond,zfa,zfh,zcb,zacas,zabha,zawrs,"
              "zicbom,zicboz,zicbop,zimop,zcmop,zihintpause,zihintntl").split(",")

def expand(line):
    m = re.search(r"\{([^{}]*)\}", line)
    if m:
        for alt in m.group(1).split(","):
            yield from expand(line[:m.start()] + alt + line[m.end():])
    else:
        yield line

def default():
    """The state that inputs change: nothing is zero, so that a lost half or a wrong register shows."""
    return {"pc": CODE + START, **{"x%d" % n: (0xdead0000beef0000 + n) & 2**XLEN - 1 for n in range(1, 32)}, "x2": DATA + 256,
            "x8": DATA + 128, **{"f%d" % n: 0xcafe000000000000 + n for n in range(32)}, "fcsr": 0, "signal": 0,
            **{"m%d" % n: (0x8070605040302010 ^ n * 0x0103050709010305) & 2**64 - 1 for n in range(0, MEM, 8)}}

def set_inputs(state, text):
    for item in text.split():
        key, value = item.split("=")
        state[key] = int(value, 16) & (2**XLEN - 1 if key[0] == "x" else 2**64 - 1)

def interesting(rnd):
    kind = rnd.randrange(6)
    if kind == 0:
        return rnd.getrandbits(64)
    if kind == 1:
        return ((1 << rnd.randrange(64)) + rnd.randrange(-1, 2)) & 2**64 - 1
    if kind == 2:
        return rnd.choice([0, 1, 2**31 - 1, 2**31, 2**32 - 1, 2**32, 2**63 - 1, 2**63, 2**64 - 1])
    if kind == 3:
        return rnd.getrandbits(32) | 0xffffffff00000000
    if kind == 4:
        return rnd.randrange(-70, 70) & 2**64 - 1
    return rnd.getrandbits(rnd.randrange(1, 64))

def number(rnd, exponent, fraction):
    """Mostly ordinary numbers of moderate size; some infinities, NaNs, zeros, denormals."""
    bias = 2**(exponent - 1) - 1
    e = bias + rnd.randrange(-8, 9)
    m = rnd.getrandbits(fraction) & rnd.choice([-1, -1, 3 << fraction - 2])
    kind = rnd.randrange(8)
    if kind == 0:
        e, m = 2**exponent - 1, rnd.choice([0, 1, 1 << fraction - 1, 3 << fraction - 2])
    if kind == 1:
        e, m = 0, rnd.choice([0, 0, 1, rnd.getrandbits(fraction)])
    if kind == 2:
        e = rnd.choice([1, 2**exponent - 2, bias + fraction, rnd.randrange(1, 2**exponent - 1)])
    return rnd.getrandbits(1) << exponent + fraction | e << fraction | m

def float_value(rnd, asm):
    op = asm.split()[0]
    kinds = [(f, p) for f, p in [("s", (8, 23, 32)), ("d", (11, 52, 64)), ("h", (5, 10, 16))]
             if re.search(r"\.%s\b" % f, op)] or [("d", (11, 52, 64))]
    exponent, fraction, width = rnd.choice(kinds)[1]
    v = number(rnd, exponent, fraction)
    if width < 64 and rnd.randrange(10):
        v |= 2**64 - 2**width
    return v

def made_up(asm, k):
    rnd = random.Random("%s %d" % (asm, k))
    out = []
    for n in sorted({int(n) for n in re.findall(r"\bx(\d+)\b", asm)} - {0, 2, 8}):
        out.append("x%d=%x" % (n, interesting(rnd) & 2**XLEN - 1))
    fregs = sorted({int(n) for n in re.findall(r"\bf(\d+)\b", asm)})
    for n in fregs:
        out.append("f%d=%x" % (n, float_value(rnd, asm)))
    if fregs:
        out.append("fcsr=%x" % (rnd.randrange(5) << 5 | rnd.choice([0, 0, rnd.getrandbits(5)])))
    return " ".join(out)

def pack(state, code):
    return CASE.pack(state["pc"], *[state["x%d" % n] for n in range(1, 32)], *[state["f%d" % n] for n in range(32)],
                     state["fcsr"], 0, b"".join(state["m%d" % n].to_bytes(8, "little") for n in range(0, MEM, 8)),
                     len(code), code)

def unpack(raw):
    f = CASE.unpack(raw)
    state = {"pc": f[0], **{"x%d" % n: f[n] for n in range(1, 32)}, **{"f%d" % n: f[32 + n] for n in range(32)},
             "fcsr": f[64], "signal": f[65]}
    state.update({"m%d" % n: int.from_bytes(f[66][n:n + 8], "little") for n in range(0, MEM, 8)})
    return state

def size_at(code, at):
    return 4 if code[at] & 3 == 3 else 2

def assemble(build, texts):
    """The bytes of each text: all in one file, each at a multiple of MAX."""
    src = ".option norelax\n"
    for i, t in enumerate(texts):
        short = all(re.match(r"\s*(c\.|\.2byte|\.4byte)", part) for part in t.split(";"))
        src += ".option %s\n.org %d\n%s\n" % ("rvc" if short else "norvc", i * MAX, t.replace(";", "\n"))
    src += ".org %d\n" % (len(texts) * MAX)
    base = os.path.join(build, "oracle")
    with open(base + ".s", "w") as f:
        f.write(src)
    tool = lambda name: TOOLS + ["-L", SYSROOT, os.path.join(SYSROOT, "usr/bin", name)]
    subprocess.check_call(tool("as") + ["-march=rv%dgc_%s" % (XLEN, "_".join(EXTENSIONS)), "-mabi=" +
                                        ("lp64d" if XLEN == 64 else "ilp32d"), "-o", base + ".o", base + ".s"])
    subprocess.check_call(tool("objcopy") + ["-O", "binary", "-j", ".text", base + ".o", base + ".bin"])
    raw = open(base + ".bin", "rb").read()
    for i, t in enumerate(texts):
        at = i * MAX
        for _ in t.split(";"):
            at += size_at(raw, at)
        yield raw[i * MAX:at]

def run_oracle(build, cases):
    prog = os.path.join(build, "oracle_guest")
    here = os.path.dirname(os.path.realpath(__file__))
    subprocess.check_call([CC, "-O2", "-Wall", "-static", "-Wl,--no-relax", "-o", prog,
                           os.path.join(here, "oracle_guest.c")])
    raw = subprocess.run(ORACLE + ["-cpu", "max,v=off", prog], input=b"".join(cases), stdout=subprocess.PIPE, check=True).stdout
    if len(raw) != CASE.size * len(cases):
        sys.exit("oracle.py: the oracle stopped at case %d" % (len(raw) // CASE.size))
    return [unpack(raw[i:i + CASE.size]) for i in range(0, len(raw), CASE.size)]

def words(code):
    """In hexadecimal, an instruction each."""
    out, at = [], 0
    while at < len(code):
        n = size_at(code, at)
        out.append(code[at:at + n][::-1].hex())
        at += n
    return " ".join(out)

def main():
    build, todo = sys.argv[1], []
    for line in sys.stdin:
        line = "" if line.startswith("#") else line.strip()
        for text in expand(line) if line else []:
            asm, *inputs = [p.strip() for p in text.split("|")]
            n = 4 if re.search(r"\bf\d", asm) else 2
            for given in inputs or [made_up(asm, k) for k in range(n)]:
                todo.append((asm, given))
    texts = list(dict.fromkeys(a for a, _ in todo))
    code = dict(zip(texts, assemble(build, texts)))
    before, cases = [], []
    for asm, given in todo:
        state = default()
        set_inputs(state, given)
        before.append(state)
        cases.append(pack(state, code[asm]))
    for (asm, given), old, new in zip(todo, before, run_oracle(build, cases)):
        old["pc"] += len(code[asm])
        out = " ".join("%s=%x" % (k, new[k]) for k in old if new[k] != old[k])
        print("%s | %s | %s | %s" % (asm, words(code[asm]), given, out))

main()
