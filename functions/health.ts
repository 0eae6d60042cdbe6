// Bare liveness, the only route without a credential. It says nothing about anything.

import type { Answers } from './http-route.ts';

export const HEALTH: Answers<'health'> = {
  health: async () => ({ jsonBody: { status: 'alive' } }),
};
