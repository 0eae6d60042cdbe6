// The version of the relay, as its own package.json has it: relays are installed apart from the cloud, and later.

import packageJson from './package.json' with { type: 'json' };

export const RELAY_VERSION: string = packageJson.version;
