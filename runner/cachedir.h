/* Where translations are kept from one process to the next, and whether ours may be used by it. */
#ifndef RUNNER_CACHEDIR_H
#define RUNNER_CACHEDIR_H

#include "runner/options.h"

/*
 * Sets the translator's cache_dir and identity from option -cache and the environment; NULL where nothing is to be
 * kept.
 */
void cachedir_choose(struct options *o);

#endif
