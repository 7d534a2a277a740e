/* One instruction more than nothing: exit(7), as small as container builders' probes are. */
	.globl _start
_start:	mov	x8, 93
	mov	x0, 7
	svc	0
