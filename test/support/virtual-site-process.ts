// Runs a site in virtual time in a process of its own: there nothing waits for anything real, as it would for the
// modules of a test runner. Arguments: NASes, stations each, of how many NASes one is dead (0 for none), and of how
// many in the comparison.

import { enforceTurnedSite } from './virtual-site.ts';

const [nases = 0, stationsPerNas = 0, deadEvery = 0, comparedWith = 0] = process.argv.slice(2).map(Number);
process.stdout.write(JSON.stringify(await enforceTurnedSite({ nases, stationsPerNas, deadEvery }, comparedWith)));
process.exit();
