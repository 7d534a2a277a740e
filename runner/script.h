/* Programs that begin with "#!". */
#ifndef RUNNER_SCRIPT_H
#define RUNNER_SCRIPT_H

#include "runner/options.h"

/*
 * If o->program is a script: makes its interpreter the program, as the kernel's binfmt_script does,
 * and returns true.  False, with nothing changed, if it is none.
 */
bool script_resolve(struct options *o);

#endif
