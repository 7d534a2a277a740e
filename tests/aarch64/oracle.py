#!/usr/bin/env python3
"""Makes cases.txt: what each line of forms.txt does, as an oracle says.

    oracle.py BUILD_DIR < forms.txt > cases.txt

The oracle is qemu-aarch64-static of the distribution ($ORACLE: another command), never our own output.
It runs without SVE, because SVE's record in a signal frame would win over what oracle_guest.c writes.
Needs the cross compiler.  One line of forms.txt is

    assembly[; assembly...] [| inputs [| inputs...]]

where {a,b} stands for a line with each (a backslash makes braces and commas plain), and Rn for a line with wn and one with xn.  Inputs are as in
cases.txt (see cases.c); without any, two sets are made up for the registers that the text names.
Same lines, same made-up inputs: the generator is seeded by the text.
"""
import os, random, re, struct, subprocess, sys

CODE, START, DATA, MEM, MAX = 0x30000000, 512 * 4, 0x20000000, 512, 8
STATE = struct.Struct("<31Q2Q4I8x512s512s")
CASE = struct.Struct("<%dsI8I12x" % STATE.size)
FIELDS = ["nzcv", "fpcr", "fpsr", "signal"]

def expand(line):
    m = re.search(r"(?<!\\)\{((?:[^{}\\]|\\.)*)\}", line)
    if m:
        for alt in re.split(r"(?<!\\),", m.group(1)):
            yield from expand(line[:m.start()] + alt + line[m.end():])
    elif re.search(r"\bR(\d+|zr)", line):
        for r in "wx":
            yield re.sub(r"\bR(\d+|zr)", r + r"\1", line)
    else:
        yield line.replace("\\", "")

def default():
    """The state that inputs change: nothing is zero, so that a lost half or a wrong register shows."""
    return {**{"x%d" % n: 0xdead0000beef0000 + n for n in range(31)}, "x28": DATA + 128, "sp": DATA + 256,
            "pc": CODE + START, "nzcv": 0, "fpcr": 0, "fpsr": 0, "signal": 0,
            **{"v%d" % n: (0xfeed000000000000 + n) << 64 | 0xcafe000000000000 + n for n in range(32)},
            **{"m%d" % n: (0x8070605040302010 ^ n * 0x0103050709010305) & 2**64 - 1 for n in range(0, MEM, 8)}}

def set_inputs(state, text):
    for item in text.split():
        key, value = item.split("=")
        state[key] = int(value, 16)

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

def made_up(asm, k):
    rnd = random.Random("%s %d" % (asm, k))
    names = sorted({"x" + n for n in re.findall(r"\b[wx](\d+)\b", asm)} - {"x28"}, key=lambda s: int(s[1:]))
    out = ["%s=%x" % (n, interesting(rnd)) for n in names]
    return " ".join(out + ["nzcv=%x" % (rnd.randrange(16) << 28)])

def pack(state, words):
    st = STATE.pack(*[state["x%d" % n] for n in range(31)], state["sp"], state["pc"], *[state[f] for f in FIELDS],
                    b"".join(state["v%d" % n].to_bytes(16, "little") for n in range(32)),
                    b"".join(state["m%d" % n].to_bytes(8, "little") for n in range(0, MEM, 8)))
    return CASE.pack(st, len(words), *(words + [0] * (MAX - len(words))))

def unpack(raw):
    f = STATE.unpack(CASE.unpack(raw)[0])
    state = {"x%d" % n: f[n] for n in range(31)}
    state.update(zip(["sp", "pc"] + FIELDS, f[31:37]))
    state.update({"v%d" % n: int.from_bytes(f[37][16 * n:16 * n + 16], "little") for n in range(32)})
    state.update({"m%d" % n: int.from_bytes(f[38][n:n + 8], "little") for n in range(0, MEM, 8)})
    return state

def assemble(build, texts):
    """The words of each text: all in one file, each aligned to MAX words and filled with zeros."""
    src = "".join(".org %d\n%s\n" % (i * MAX * 4, t.replace(";", "\n")) for i, t in enumerate(texts))
    base = os.path.join(build, "oracle")
    with open(base + ".s", "w") as f:
        f.write(".arch armv8.8-a+crypto+sm4+sha3+crc+flagm+rcpc+sb+fp16fml+bf16+i8mm+rng+ssbs\n" + src + ".org %d\n" % (len(texts) * MAX * 4))
    subprocess.check_call(["aarch64-linux-gnu-as", "-o", base + ".o", base + ".s"])
    subprocess.check_call(["aarch64-linux-gnu-objcopy", "-O", "binary", base + ".o", base + ".bin"])
    raw = open(base + ".bin", "rb").read()
    for i, t in enumerate(texts):
        n = len(t.split(";"))
        yield list(struct.unpack_from("<%dI" % n, raw, i * MAX * 4))

def run_oracle(build, cases):
    prog = os.path.join(build, "oracle_guest")
    here = os.path.dirname(os.path.abspath(__file__))
    subprocess.check_call(["aarch64-linux-gnu-gcc", "-O2", "-Wall", "-static", "-o", prog,
                           os.path.join(here, "oracle_guest.c")])
    cmd = os.environ.get("ORACLE", "qemu-aarch64-static -cpu max,sve=off,sme=off,pauth=off").split() + [prog]
    raw = subprocess.run(cmd, input=b"".join(cases), stdout=subprocess.PIPE, check=True).stdout
    if len(raw) != CASE.size * len(cases):
        sys.exit("oracle.py: the oracle stopped at case %d" % (len(raw) // CASE.size))
    return [unpack(raw[i:i + CASE.size]) for i in range(0, len(raw), CASE.size)]

def show(key, value):
    return "%s=%x" % (key, value)

def main():
    build, todo = sys.argv[1], []
    for line in sys.stdin:
        line = "" if line.startswith("#") else line.strip()
        for text in expand(line) if line else []:
            asm, *inputs = [p.strip() for p in text.split("|")]
            for given in inputs or [made_up(asm, k) for k in range(2)]:
                todo.append((asm, given))
    texts = list(dict.fromkeys(a for a, _ in todo))
    words = dict(zip(texts, assemble(build, texts)))
    before, cases = [], []
    for asm, given in todo:
        state = default()
        set_inputs(state, given)
        before.append(state)
        cases.append(pack(state, words[asm]))
    for (asm, given), old, new in zip(todo, before, run_oracle(build, cases)):
        old["pc"] += 4 * len(words[asm])
        out = " ".join(show(k, new[k]) for k in old if new[k] != old[k])
        print("%s | %s | %s | %s" % (asm, " ".join("%08x" % w for w in words[asm]), given, out))

main()
