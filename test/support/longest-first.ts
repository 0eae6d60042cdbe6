// The order of the test files: the longest first, those that wait for the clocks of their peers beside those that
// compute, so that neither the end of a run nor a wait leaves a processor idle. Files that may share a process follow
// each other: Vitest goes on in a process only if the next file of all may run in it.

import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Projects of vitest.config.ts. */
const PROJECTS = ['apart', 'console', 'units'];

const LONGEST = [
  'simulation/simulation',
  'e2e/real-switch-faults',
  'e2e/enforcement-two-relays',
  'e2e/function-app',
  'integration/enforcement/jobs',
  'e2e/routes',
  'e2e/real-switch-enforcement',
  'integration/enforcement/changes',
  'e2e/enforcement-killed',
  'integration/sign-in/quirks',
  'integration/doctor/doctor',
  'integration/functions-host/life',
  'e2e/freeradius-product',
  'infra/refused-parameters',
  'integration/service-bus/restart',
  'infra/bicep-lint',
  'infra/identity',
  'e2e/core-tools',
  'e2e/freeradius-accounting',
  'e2e/enforcement-results',
  'integration/relay/one-works',
  'integration/service-bus/settlement',
  'integration/relay/soak',
  'e2e/freeradius-sample',
  'e2e/freeradius-fail-modes',
  'integration/polling/quirks-of-point-reads',
  'integration/polling/poll',
  'integration/polling/killed',
  'integration/polling/breaker',
  'integration/polling/dies-anywhere',
  'integration/polling/quirks-of-lists',
].map((name) => `/test/${name}.test.ts`);

export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const asUsual = await super.sort(files);
    return asUsual.sort((one, other) => projectOf(one) - projectOf(other) || placeOf(one) - placeOf(other));
  }
}

function projectOf({ project }: TestSpecification): number {
  return PROJECTS.indexOf(project.name);
}

function placeOf({ moduleId }: TestSpecification): number {
  const place = LONGEST.findIndex((end) => moduleId.endsWith(end));
  return place < 0 ? LONGEST.length : place;
}
