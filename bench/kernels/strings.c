/* What programs do with text: sprintf, strlen, strcmp, strchr, strtol, strcat on short strings. */
#include "bench.h"

int main(int argc, char **argv)
{
	char line[256], word[64];
	uint64_t sum = 0;

	for (long round = work(argc, argv); round > 0; round--) {
		snprintf(line, sizeof(line), "%ld:%s:%08lx:%5.2f", round, "dragoman",
			round * 2654435761, round / 8.0);
		for (char *p = line; p; p = strchr(p + 1, ':'))
			sum = sum * 31 + (p - line);
		sum += strtol(line, NULL, 10);
		snprintf(word, sizeof(word), "%s-%c", "interpreter", (int)('a' + round % 26));
		strcat(line, word);
		sum += strlen(line) + (strcmp(word, "interpreter-m") < 0);
		sum += strstr(line, "preter") - line;
	}
	return report(sum);
}
