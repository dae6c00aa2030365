// SPDX-License-Identifier: MIT
/* make_traces - the traces that the checks in the guest replay: 2.ctr and 4.ctr, of four cpus on two and four nodes. */
#include "../lib/synthetic.h"

int main(void)
{
	struct synthetic how = {
		.seed = 7,
		.nr_events = 8000,
		.live = 2000,
		.cpus = 4,
		.unmovable = 20,
		.high_order = 30,
		.splits = 5,
		.interval_ns = 250000, /* 2 s: time enough to look at the process while it replays in trace time */
	};

	how.nodes = 2;
	synthetic_file(&how, "2.ctr");
	how.nodes = 4;
	synthetic_file(&how, "4.ctr");
	return 0;
}
