// How long the host lets a function run before it ends the process, as host.json says: work in slices derives them.

import host from '../host.json' with { type: 'json' };

const [hours = 0, minutes = 0, seconds = 0] = host.functionTimeout.split(':').map(Number);

export const FUNCTION_TIMEOUT_MS: number = (hours * 3600 + minutes * 60 + seconds) * 1000;
