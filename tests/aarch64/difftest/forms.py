#!/usr/bin/env python3
"""Turns a file of one-instruction sequences (gen -a) into lines for oracle.py: forms.py SEQS > forms_simd.txt"""
import re, struct, subprocess, sys, tempfile

SEQ, CODE, RET = 1064, 768 + 40, 0xd65f03c0

def main():
    data = open(sys.argv[1], "rb").read()
    seqs = [data[i:i + SEQ] for i in range(0, len(data), SEQ)]
    words = []
    for q in seqs:
        code = struct.unpack_from("<64I", q, CODE)
        words.append(code[code.index(RET) - 1])
    with tempfile.NamedTemporaryFile() as f:
        f.write(b"".join(struct.pack("<I", w) for w in words))
        f.flush()
        out = subprocess.run("aarch64-linux-gnu-objdump -D -b binary -m aarch64 --no-show-raw-insn".split() + [f.name],
                             stdout=subprocess.PIPE, check=True, text=True).stdout
    texts = [m.group(1) for m in re.finditer(r"^ +[0-9a-f]+:\t(.*)$", out, re.M)]
    for q, text, word in zip(seqs, texts, words):
        text = re.sub(r"\s*//.*", "", text.replace("\t", " ")).strip()
        if text.startswith(".inst") or "undefined" in text:
            text = ".inst 0x%08x" % word
        given = []
        for n in sorted({int(n) for n in re.findall(r"\b[vqdshb](\d+)\b", text)}):
            given.append("v%d=%x" % (n, int.from_bytes(q[256 + 16 * n:272 + 16 * n], "little")))
        for n in sorted({int(n) for n in re.findall(r"\b[wx](\d+)\b", text)} - {28}):
            if n < 28:
                given.append("x%d=%x" % (n, struct.unpack_from("<Q", q, 8 * n)[0]))
        nzcv, fpcr = struct.unpack_from("<2I", q, 224)
        given += ["nzcv=%x" % nzcv] + (["fpcr=%x" % fpcr] if fpcr else [])
        print("%s | %s" % (re.sub(r"([{}])", r"\\\1", text), " ".join(given)))

main()
