// Keeps what Node has compiled for the next process: a worker of the tests is ended by a signal, on which Node would
// keep nothing.

import { flushCompileCache } from 'node:module';
import { afterAll } from 'vitest';

afterAll(() => flushCompileCache());
